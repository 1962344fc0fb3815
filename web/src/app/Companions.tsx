/**
 * What stays beside the pages as long as somebody is signed in, whichever page is shown: the panel of uploads, the
 * viewer, the share dialog. Each is loaded lazily and tells the drive what it offers (`extendDrive`).
 */
export function Companions() {
  return null;
}
