/** What the tabs of one browser tell each other. */
export type Announcement =
  | { kind: 'renewed' }
  | { kind: 'signed-in'; userId: number }
  | { kind: 'signed-out' }
  | { kind: 'changed'; keys: readonly (readonly unknown[])[] };

const channel = typeof BroadcastChannel === 'undefined' ? undefined : new BroadcastChannel('aster-drive');

export function announce(message: Announcement): void {
  channel?.postMessage(message);
}

export function onAnnouncement(listener: (message: Announcement) => void): () => void {
  const heard = (event: MessageEvent<Announcement>) => listener(event.data);
  channel?.addEventListener('message', heard);
  return () => channel?.removeEventListener('message', heard);
}
