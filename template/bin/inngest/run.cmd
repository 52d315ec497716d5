@echo off
rem inngest-dev by whatever runs Python in this project: bin\inngest\run.cmd COMMAND
setlocal
pushd "%~dp0..\.." || exit /b 1
set "PATH=%PATH%;%USERPROFILE%\.local\bin;%USERPROFILE%\.cargo\bin"
set "BY_UV=uv run --with-editable ./tools/inngest-devtools inngest-dev"

set RUN=
for %%V in ("%VIRTUAL_ENV%" .venv venv env) do if not defined RUN if exist "%%~V\Scripts\inngest-dev.exe" set RUN="%%~V\Scripts\inngest-dev.exe"
if not defined RUN call :use uv uv.lock "%BY_UV%"
if not defined RUN call :use poetry poetry.lock "poetry run inngest-dev"
if not defined RUN call :use pdm pdm.lock "pdm run inngest-dev"
findstr /b /l /c:"[tool.hatch.envs" pyproject.toml >nul 2>nul
if not errorlevel 1 if not defined RUN call :use hatch pyproject.toml "hatch run inngest-dev"
if not defined RUN call :use uv pyproject.toml "%BY_UV%"
if not defined RUN goto not_installed

set ARGS=
if "%~1"=="" set ARGS=--help
rem The arguments never stand in parentheses: one of theirs would close them.
%RUN% %ARGS% %*
goto end

:use
if exist %2 where %1 >nul 2>nul && set "RUN=%~3"
exit /b

:not_installed
if /i not "%~1"=="adopt" goto no_devtools
rem It says how to install the rest, and needs Python alone.
set RUN=python
where py >nul 2>nul && set RUN=py
%RUN% tools\inngest-devtools\src\inngest_devtools\adopt %2 %3 %4

:end
set CODE=%ERRORLEVEL%
popd
exit /b %CODE%

:no_devtools
echo inngest-dev is not installed: activate the project's environment, then type: pip install -e ./tools/inngest-devtools 1>&2
popd
exit /b 1
