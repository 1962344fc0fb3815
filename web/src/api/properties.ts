import { queryOptions } from '@tanstack/react-query';

import { del, get, put } from './client';
import type { ItemRef } from './files';
import { type Space, spaceKey, spacePath } from './spaces';

/** Something that people or programs noted about an item. */
export interface Property {
  namespace: string;
  name: string;
  value: string;
}

/** The namespace of what people note in the web app. */
export const NOTES = 'note';

const pathOf = (space: Space, { kind, id }: ItemRef) => `${spacePath(space)}/properties/${kind}/${id}`;

export const properties = {
  set: (space: Space, item: ItemRef, property: Property) => put<Property>(pathOf(space, item), property),
  remove: (space: Space, item: ItemRef, { namespace, name }: Property) =>
    del<void>(`${pathOf(space, item)}/${encodeURIComponent(namespace)}/${encodeURIComponent(name)}`),
};

export const propertiesQuery = (space: Space, item: ItemRef) =>
  queryOptions({
    queryKey: [...spaceKey(space), 'properties', item.kind, item.id],
    queryFn: ({ signal }) => get<Property[]>(pathOf(space, item), { signal }),
  });
