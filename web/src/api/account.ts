import { queryOptions } from '@tanstack/react-query';

import { del, get, put } from './client';
import type { Page } from './page';

/** A login of the person. */
export interface Device {
  id: string;
  user_agent: string;
  /** Empty where it was not kept. */
  ip_address: string;
  created_at: string;
  last_used_at: string;
  expires_at: string;
  is_current: boolean;
}

export const account = {
  changePassword: (current: string, wanted: string) =>
    put<{ ended: number }>('/auth/password', { current_password: current, new_password: wanted }),
  endDevice: (id: string) => del<void>(`/auth/sessions/${encodeURIComponent(id)}`),
  endOtherDevices: () => del<{ ended: number }>('/auth/sessions/others'),
};

export const devicesQuery = queryOptions({
  queryKey: ['devices'],
  queryFn: ({ signal }) => get<Page<Device>>('/auth/sessions', { signal }),
});
