import { Button, Group, Text } from '@mantine/core';
import { notifications } from '@mantine/notifications';

const VISIBLE_MS = 12_000;

let last: { id: string; undo: () => void } | undefined;

/** Says what was done and offers to take it back, for a while by a button and until the next change by Ctrl+Z. */
export function offerUndo(message: string, word: string, undo: () => void): void {
  const id = notifications.show({
    color: 'green',
    autoClose: VISIBLE_MS,
    message: (
      <Group justify="space-between" wrap="nowrap">
        <Text size="sm">{message}</Text>
        <Button size="compact-sm" variant="light" onClick={() => undoLast(id)} style={{ flexShrink: 0 }}>
          {word}
        </Button>
      </Group>
    ),
  });
  last = { id, undo };
}

/** Takes back the last change, or the one that a message is about; each only once. */
export function undoLast(id?: string): boolean {
  if (!last || (id !== undefined && last.id !== id)) return false;
  const { id: shown, undo } = last;
  last = undefined;
  notifications.hide(shown);
  undo();
  return true;
}

export function forgetUndo(): void {
  last = undefined;
}
