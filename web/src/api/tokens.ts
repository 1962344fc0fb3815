import { queryOptions } from '@tanstack/react-query';

import { del, get, post } from './client';
import type { Page } from './page';

export type TokenScope = 'read' | 'write';

export interface ApiToken {
  id: number;
  name: string;
  scope: TokenScope;
  /** `null` is never. */
  expires_at: string | null;
  /** To the minute. */
  last_used_at: string | null;
  created_at: string;
}

export interface NewToken {
  name: string;
  scope: TokenScope;
  expires_at?: string;
}

export const tokens = {
  /** The only answer with the text of the token. */
  create: (token: NewToken) => post<ApiToken & { token: string }>('/auth/tokens', token),
  remove: (id: number) => del<void>(`/auth/tokens/${id}`),
};

export const tokensQuery = queryOptions({
  queryKey: ['api-tokens'],
  queryFn: ({ signal }) => get<Page<ApiToken>>('/auth/tokens', { signal }),
});
