import { useQueries, useQuery } from '@tanstack/react-query';

import { userQuery, usersQuery } from '@/api/users';

/** Names of users by id: most are among the first, the others are asked for one by one. */
export function useUsernames(ids: readonly (number | null)[]): (id: number | null) => string | undefined {
  const first = useQuery(usersQuery({ limit: 100 }));
  const known = new Map(first.data?.items.map(({ id, username }) => [id, username]));
  const wanted = [...new Set(ids)].filter((id): id is number => id !== null);
  const missing = first.data ? wanted.filter((id) => !known.has(id)) : [];
  // Who is gone has no name any more; asking again would not bring it back.
  const others = useQueries({ queries: missing.map((id) => ({ ...userQuery(id), retry: false })) });
  for (const { data } of others) if (data) known.set(data.id, data.username);
  return (id) => (id === null ? undefined : known.get(id));
}
