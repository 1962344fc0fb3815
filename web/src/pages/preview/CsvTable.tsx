import { Button, Group, Text } from '@mantine/core';
import { useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';

import { parseCsv } from './csv';
import classes from './preview.module.css';

const ROWS = 200;
const COLUMNS = 100;

/** The first row is the heads: it nearly always is. */
export function CsvTable({ text, name }: { text: string; name: string }) {
  const { t } = useTranslation('preview');
  const { rows, broken } = useMemo(() => parseCsv(text), [text]);
  const [shown, setShown] = useState(ROWS);
  const [head = [], ...body] = rows;
  const widest = rows.reduce((most, row) => Math.max(most, row.length), 0);
  const width = Math.min(widest, COLUMNS);
  const columns = Array.from({ length: width }, (_, at) => at);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable
    <section style={{ padding: '1rem', overflow: 'auto' }} aria-label={t('csv.table', { name })} tabIndex={0}>
      <Group mb="sm" gap="md">
        <Text size="sm" c="dimmed">
          {t('csv.rows', { count: body.length })}
        </Text>
        {widest > width && <Text size="sm">{t('csv.cut', { columns: width })}</Text>}
        {broken && (
          <Text size="sm" c="var(--aster-warn)">
            {t('csv.broken')}
          </Text>
        )}
      </Group>
      <table className={classes.table}>
        <thead>
          <tr>
            <td aria-hidden />
            {columns.map((at) => (
              <th key={at} scope="col">
                {head[at]}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {body.slice(0, shown).map((row, number) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: rows have nothing but their number
            <tr key={number}>
              <th scope="row">{number + 1}</th>
              {columns.map((at) => (
                <td key={at}>{row[at]}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      {body.length > shown && (
        <Button mt="md" variant="default" onClick={() => setShown(shown + ROWS * 5)}>
          {t('csv.more')}
        </Button>
      )}
    </section>
  );
}
