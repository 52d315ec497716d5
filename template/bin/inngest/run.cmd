@echo off
rem inngest-dev by whatever runs Python in this project: bin\inngest\run.cmd COMMAND
setlocal
cd /d "%~dp0..\.."
set "PATH=%PATH%;%USERPROFILE%\.local\bin;%USERPROFILE%\.cargo\bin"
set "ARGS=%*"
if "%~1"=="" set "ARGS=--help"

if defined VIRTUAL_ENV if exist "%VIRTUAL_ENV%\Scripts\inngest-dev.exe" ("%VIRTUAL_ENV%\Scripts\inngest-dev.exe" %ARGS% & goto end)
if exist .venv\Scripts\inngest-dev.exe (.venv\Scripts\inngest-dev.exe %ARGS% & goto end)
if exist venv\Scripts\inngest-dev.exe (venv\Scripts\inngest-dev.exe %ARGS% & goto end)
where uv >nul 2>nul
if not errorlevel 1 if exist uv.lock (uv run --with-editable ./tools/inngest-devtools inngest-dev %ARGS% & goto end)
if exist poetry.lock (poetry run inngest-dev %ARGS% & goto end)
if exist pdm.lock (pdm run inngest-dev %ARGS% & goto end)
where hatch >nul 2>nul
if not errorlevel 1 findstr /b /l /c:"[tool.hatch.envs" pyproject.toml >nul 2>nul && (hatch run inngest-dev %ARGS% & goto end)
where uv >nul 2>nul
if not errorlevel 1 if exist pyproject.toml (uv run --with-editable ./tools/inngest-devtools inngest-dev %ARGS% & goto end)
if /i "%~1"=="adopt" (py tools\inngest-devtools\src\inngest_devtools\adopt %2 & goto end)
echo inngest-dev is not installed: activate the project's environment, then type: pip install -e ./tools/inngest-devtools 1>&2
exit /b 1
:end
exit /b %ERRORLEVEL%
