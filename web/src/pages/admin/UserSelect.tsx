import { Select, type SelectProps } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';

import { userQuery, usersQuery } from '@/api/users';

const SHOWN = 20;
const TYPING_MS = 200;

type Props = Omit<SelectProps, 'data' | 'value' | 'onChange' | 'searchable' | 'searchValue' | 'onSearchChange'> & {
  value: number | null;
  onChange: (id: number | null) => void;
};

/** Chooses a user by part of the name or mail address; the server searches, so that there may be any number. */
export function UserSelect({ value, onChange, ...rest }: Props) {
  const [typed, setTyped] = useState('');
  const [keyword] = useDebouncedValue(typed, TYPING_MS);
  const chosen = useQuery({ ...userQuery(value ?? 0), enabled: value !== null });
  // What stands in the field because somebody was chosen is not what is looked for.
  const wanted = keyword === chosen.data?.username ? '' : keyword;
  const found = useQuery(usersQuery({ limit: SHOWN }, wanted ? { keyword: wanted } : {}));
  const people = found.data?.items ?? [];
  const named = chosen.data && !people.some(({ id }) => id === value) ? [...people, chosen.data] : people;
  return (
    <Select
      {...rest}
      data={named.map(({ id, username }) => ({ value: `${id}`, label: username }))}
      // The server did it, by more than the name.
      filter={({ options }) => options}
      value={value === null ? null : `${value}`}
      onChange={(id) => onChange(id === null ? null : Number(id))}
      searchable
      onSearchChange={setTyped}
    />
  );
}
