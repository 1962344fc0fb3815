import { type UseFormReturnType, useForm } from '@mantine/form';
import { useState } from 'react';

import { splitProblems } from '@/api/errors';

interface Options<Values> {
  initialValues: Values;
  validate?: { [Name in keyof Values]?: (value: Values[Name], values: Values) => string | null };
  /** The server's member to the form's field, where the two differ. */
  names?: Record<string, string>;
}

export interface ServerForm<Values> {
  form: UseFormReturnType<Values>;
  /** What the server said that belongs to no field. */
  problem: unknown;
  /** Runs `act`; what the server refuses stands beside the fields it is about. */
  submit: (act: (values: Values) => Promise<unknown>) => (event?: React.FormEvent<HTMLFormElement>) => void;
  busy: boolean;
}

/** A form whose fields also show what the server says about them. */
export function useServerForm<Values extends object>(options: Options<Values>): ServerForm<Values> {
  const [problem, setProblem] = useState<unknown>();
  const [busy, setBusy] = useState(false);
  const form = useForm<Values>({ initialValues: options.initialValues, validate: (options.validate ?? {}) as never });
  const own = Object.fromEntries(Object.keys(options.initialValues).map((name) => [name, name]));
  const submit: ServerForm<Values>['submit'] = (act) =>
    form.onSubmit(async (values) => {
      setProblem(undefined);
      setBusy(true);
      try {
        await act(values);
      } catch (error) {
        const { fields, rest } = splitProblems(error, { ...own, ...options.names });
        form.setErrors(fields);
        if (rest) setProblem(error);
      } finally {
        setBusy(false);
      }
    });
  return { form, problem, submit, busy };
}
