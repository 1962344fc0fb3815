import type { DriveItem } from '@/api/files';
import type { Sort } from '@/api/folders';

/** As the server compares: names without regard to case, then ids. Folders have neither size nor type. */
export function compare(one: DriveItem, other: DriveItem, sort: Sort): number {
  if (one.kind !== other.kind) return one.kind === 'folder' ? -1 : 1;
  const order = sort.order === 'asc' ? 1 : -1;
  return order * (byValue(one, other, sort) || one.id - other.id);
}

function byValue(one: DriveItem, other: DriveItem, { by }: Sort): number {
  if (by === 'created_at' || by === 'updated_at') return Date.parse(one[by]) - Date.parse(other[by]);
  if (by !== 'name' && one.kind === 'file' && other.kind === 'file') {
    return by === 'size' ? one.size - other.size : byText(one.mime_type, other.mime_type);
  }
  return byText(one.name.toLowerCase(), other.name.toLowerCase());
}

const byText = (one: string, other: string) => (one < other ? -1 : one > other ? 1 : 0);

/** `items`, sorted already, with `item` where it belongs. */
export function insert<T extends DriveItem>(items: readonly T[], item: T, sort: Sort): T[] {
  const found = items.findIndex((other) => compare(item, other, sort) < 0);
  const place = found < 0 ? items.length : found;
  return [...items.slice(0, place), item, ...items.slice(place)];
}
