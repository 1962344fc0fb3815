import { VisuallyHidden } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { Bar, BarChart, Legend, ResponsiveContainer, Tooltip, XAxis, YAxis } from 'recharts';

import type { Node } from '@/api/nodes';
import { useFormat } from '@/i18n/format';

import { byteTicks } from './ticks';

const ROW = 44;

/** Used and free space of each node. A table says the same to those who do not see the chart. */
export default function SpaceChart({ nodes }: { nodes: Node[] }) {
  const { t } = useTranslation('admin');
  const format = useFormat();
  const rows = nodes.map(({ name, capabilities: { capacity } }) => ({
    name,
    used: (capacity?.total_bytes ?? 0) - (capacity?.free_bytes ?? 0),
    free: capacity?.free_bytes ?? 0,
  }));
  const ticks = byteTicks(Math.max(0, ...rows.map((row) => row.used + row.free)));
  const text = { fill: 'var(--mantine-color-dimmed)', fontSize: 12 };
  const labels = { used: t('overview.usedSpace'), free: t('overview.freeSpace') };
  return (
    <>
      <div aria-hidden>
        <ResponsiveContainer
          width="100%"
          height={rows.length * ROW + 64}
          initialDimension={{ width: 400, height: 120 }}
        >
          <BarChart data={rows} layout="vertical" accessibilityLayer={false} margin={{ left: 0, right: 16 }}>
            <XAxis
              type="number"
              tick={text}
              ticks={ticks}
              domain={[0, ticks.at(-1) ?? 0]}
              tickFormatter={(bytes: number) => format.bytes(bytes)}
              stroke="var(--aster-line)"
            />
            <YAxis type="category" dataKey="name" width={120} tick={text} stroke="var(--aster-line)" />
            <Tooltip
              formatter={(bytes) => format.bytes(Number(bytes))}
              cursor={{ fill: 'var(--aster-line)', opacity: 0.4 }}
              contentStyle={{
                background: 'var(--aster-surface)',
                border: '1px solid var(--aster-line)',
                borderRadius: 8,
              }}
            />
            <Legend
              itemSorter={null}
              formatter={(name) => <span style={{ color: 'var(--mantine-color-text)' }}>{name}</span>}
            />
            <Bar
              dataKey="used"
              name={labels.used}
              stackId="space"
              fill="var(--mantine-color-aster-6)"
              barSize={18}
              isAnimationActive={false}
            />
            <Bar
              dataKey="free"
              name={labels.free}
              stackId="space"
              fill="var(--mantine-color-aster-2)"
              barSize={18}
              isAnimationActive={false}
            />
          </BarChart>
        </ResponsiveContainer>
      </div>
      <VisuallyHidden>
        <table>
          <tbody>
            {rows.map((row) => (
              <tr key={row.name}>
                <th scope="row">{row.name}</th>
                <td>
                  {labels.used}: {format.bytes(row.used)}
                </td>
                <td>
                  {labels.free}: {format.bytes(row.free)}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </VisuallyHidden>
    </>
  );
}
