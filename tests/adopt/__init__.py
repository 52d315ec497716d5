"""`inngest-dev adopt` on sources of all sorts."""
