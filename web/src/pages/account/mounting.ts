/** Where people mount a drive. */
export const PLATFORMS = ['windows', 'macos', 'linux', 'rclone', 'phone'] as const;
export type Platform = (typeof PLATFORMS)[number];

/** What is to be typed, pasted or run there; the password is asked for by the program, or has to be put in. */
export function mountText(platform: Platform, endpoint: string, username: string): string {
  const user = username || 'USER';
  switch (platform) {
    case 'windows':
      return `net use Z: "${endpoint}" /user:${user} * /persistent:yes`;
    case 'linux':
      return davAddress(endpoint, user);
    case 'rclone':
      return `rclone config create aster webdav url="${endpoint}" vendor=other user="${user}" pass="$(rclone obscure 'PASSWORD')"`;
    case 'macos':
    case 'phone':
      return endpoint;
  }
}

/** `davs://anna@drive.example.com/webdav`, as file managers on Linux want it. */
function davAddress(endpoint: string, user: string): string {
  const { protocol, host, pathname } = new URL(endpoint);
  return `${protocol === 'https:' ? 'davs' : 'dav'}://${encodeURIComponent(user)}@${host}${pathname}`;
}
