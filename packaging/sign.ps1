# Signs files with the certificate in WINDOWS_CERTIFICATE (PFX as base64) and WINDOWS_PASSWORD.
param([Parameter(Mandatory)][string[]]$Files)
$ErrorActionPreference = 'Stop'
$bytes = [Convert]::FromBase64String($env:WINDOWS_CERTIFICATE)
$certificate = [Security.Cryptography.X509Certificates.X509Certificate2]::new($bytes, $env:WINDOWS_PASSWORD)
$signed = Set-AuthenticodeSignature -FilePath $Files -Certificate $certificate -HashAlgorithm SHA256 `
    -TimestampServer 'http://timestamp.digicert.com'
$failed = $signed | Where-Object Status -NE 'Valid'
if ($failed) { throw "Not signed: $($failed.Path): $($failed.StatusMessage)" }
