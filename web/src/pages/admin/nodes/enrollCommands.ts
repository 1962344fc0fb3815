import type { IssuedToken } from '@/api/nodes';

/** Where a follower listens inside its container. */
const PORT = 3000;
const MASTER_URL = 'ASTER_BOOTSTRAP_REMOTE_MASTER_URL';
const TOKEN = 'ASTER_BOOTSTRAP_REMOTE_ENROLLMENT_TOKEN';

export interface EnrollCommands {
  /** For a machine that has the program. */
  command: string;
  compose: string;
  docker: string;
}

/** Everything that brings a follower into service with this token, ready to paste. */
export function enrollCommands(issued: IssuedToken, version: string, baseUrl: string): EnrollCommands {
  const image = `aster_drive:${version}`;
  const port = publishedPort(baseUrl);
  const docker = [
    'docker run --detach --name aster-follower --restart unless-stopped --read-only',
    `  --publish ${port}:${PORT} --volume aster-follower:/data`,
    '  --env ASTER__SERVER__START_MODE=follower',
    `  --env ${MASTER_URL}=${quoted(issued.master_url)}`,
    `  --env ${TOKEN}=${quoted(issued.token)}`,
    `  ${image}`,
  ].join(' \\\n');
  const compose = `services:
  follower:
    image: ${image}
    restart: unless-stopped
    read_only: true
    cap_drop: [ALL]
    security_opt: ["no-new-privileges:true"]
    stop_grace_period: 45s
    ports: ["${port}:${PORT}"]
    environment:
      ASTER__SERVER__START_MODE: follower
      ${MASTER_URL}: ${JSON.stringify(issued.master_url)}
      ${TOKEN}: ${JSON.stringify(issued.token)}
    volumes: ["follower:/data"]

volumes:
  follower:
`;
  return { command: issued.command, compose, docker };
}

/** The port of the node's address, so that both agree; behind a proxy on 80 or 443 it is the follower's own. */
function publishedPort(baseUrl: string): string {
  return URL.canParse(baseUrl) && new URL(baseUrl).port ? new URL(baseUrl).port : `${PORT}`;
}

/** For a shell; addresses and tokens rarely need it. */
function quoted(text: string): string {
  return /^[\w:/.@%+=-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
