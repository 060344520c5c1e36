; Inno Setup's recipe for the installer on Windows; `packaging/build setup` gives it Version.
; It installs for one user without asking for a password, or for all users if that is chosen.

[Setup]
AppId=org.latentlab.latentlab
AppName=latentlab
AppVersion={#Version}
AppPublisher=latentlab
SourceDir=..
LicenseFile=LICENSE
DefaultDirName={autopf}\latentlab
DefaultGroupName=latentlab
DisableProgramGroupPage=yes
PrivilegesRequired=lowest
PrivilegesRequiredOverridesAllowed=dialog
ArchitecturesAllowed=x64compatible
ArchitecturesInstallIn64BitMode=x64compatible
ChangesAssociations=yes
SetupIconFile=packaging\icons\latentlab.ico
UninstallDisplayIcon={app}\latentlab.exe
Compression=lzma2
SolidCompression=yes
OutputDir=dist
OutputBaseFilename=latentlab-{#Version}-setup

[Files]
Source: "dist\latentlab\*"; DestDir: "{app}"; Flags: ignoreversion recursesubdirs
Source: "packaging\licences.md"; DestDir: "{app}"

[Icons]
Name: "{group}\latentlab"; Filename: "{app}\latentlab.exe"

[Registry]
Root: HKA; Subkey: "Software\Classes\.latentlab"; ValueType: string; ValueData: "latentlab.scene"; Flags: uninsdeletevalue
Root: HKA; Subkey: "Software\Classes\latentlab.scene"; ValueType: string; ValueData: "latentlab scene"; Flags: uninsdeletekey
Root: HKA; Subkey: "Software\Classes\latentlab.scene\DefaultIcon"; ValueType: string; ValueData: "{app}\latentlab.exe,0"
Root: HKA; Subkey: "Software\Classes\latentlab.scene\shell\open\command"; ValueType: string; ValueData: """{app}\latentlab.exe"" ""%1"""
Root: HKA; Subkey: "Software\Classes\Directory\shell\latentlab"; ValueType: string; ValueData: "Open with latentlab"; Flags: uninsdeletekey
Root: HKA; Subkey: "Software\Classes\Directory\shell\latentlab\command"; ValueType: string; ValueData: """{app}\latentlab.exe"" ""%1"""
