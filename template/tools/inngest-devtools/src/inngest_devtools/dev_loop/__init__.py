"""`dev`: runs the app beside the Dev Server, and anew after each change."""
