@echo off
rem The Inngest Dev Server of this project: bin\inngest\start-inngest.cmd COMMAND, the same as "uv run dev-server COMMAND".
setlocal
pushd "%~dp0..\.." || exit /b 1
set "PATH=%PATH%;%USERPROFILE%\.local\bin;%USERPROFILE%\.cargo\bin"

where uv >nul 2>nul
if errorlevel 1 goto no_uv
set ARGS=
if "%~1"=="" set ARGS=--help
rem The arguments never stand in parentheses: one of theirs would close them.
uv run dev-server %ARGS% %*
set CODE=%ERRORLEVEL%
popd
exit /b %CODE%

:no_uv
echo uv is not installed: install it from https://docs.astral.sh/uv, open a new terminal and try again. 1>&2
popd
exit /b 1
