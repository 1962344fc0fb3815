import { SegmentedControl, VisuallyHidden } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Bar, BarChart, ResponsiveContainer, Tooltip, XAxis, YAxis } from 'recharts';

import type { OverviewDay } from '@/api/overview';
import { useFormat } from '@/i18n/format';

import { byteTicks } from './ticks';

const MEASURES = ['uploaded_bytes', 'uploads', 'events'] as const;
type Measure = (typeof MEASURES)[number];

/** Marks at round numbers of bytes, up to the largest day. */
function bytesAxis(days: OverviewDay[]) {
  const ticks = byteTicks(Math.max(0, ...days.map((day) => day.uploaded_bytes)));
  return { ticks, domain: [0, ticks.at(-1) ?? 0] };
}

/** What each of the last days brought. A table says the same to those who do not see the chart. */
export default function ActivityChart({ days }: { days: OverviewDay[] }) {
  const { t, i18n } = useTranslation('admin');
  const format = useFormat();
  const [measure, setMeasure] = useState<Measure>('uploaded_bytes');
  const text = { fill: 'var(--mantine-color-dimmed)', fontSize: 12 };
  const value = (number: number) => (measure === 'uploaded_bytes' ? format.bytes(number) : format.count(number));
  // The dates are days of this browser's clock already, so they are not to be moved by its time zone again.
  const short = new Intl.DateTimeFormat(i18n.language, { day: 'numeric', month: 'short', timeZone: 'UTC' });
  const label = (date: string) => short.format(new Date(`${date}T00:00:00Z`));
  return (
    <>
      <SegmentedControl
        fullWidth
        size="xs"
        aria-label={t('overview.measure')}
        value={measure}
        onChange={(chosen) => setMeasure(chosen as Measure)}
        data={MEASURES.map((each) => ({ value: each, label: t(`measure.${each}`) }))}
      />
      <div aria-hidden>
        <ResponsiveContainer width="100%" height={220} initialDimension={{ width: 400, height: 220 }}>
          <BarChart data={days} accessibilityLayer={false} margin={{ left: 0, right: 8, top: 8 }}>
            <XAxis dataKey="date" tick={text} tickFormatter={label} stroke="var(--aster-line)" minTickGap={16} />
            <YAxis
              width={68}
              tick={text}
              tickFormatter={value}
              stroke="var(--aster-line)"
              allowDecimals={false}
              {...(measure === 'uploaded_bytes' && bytesAxis(days))}
            />
            <Tooltip
              labelFormatter={(date) => label(`${date}`)}
              formatter={(number) => value(Number(number))}
              cursor={{ fill: 'var(--aster-line)', opacity: 0.4 }}
              contentStyle={{
                background: 'var(--aster-surface)',
                border: '1px solid var(--aster-line)',
                borderRadius: 8,
              }}
            />
            <Bar
              dataKey={measure}
              name={t(`measure.${measure}`)}
              fill="var(--mantine-color-aster-6)"
              radius={[4, 4, 0, 0]}
              maxBarSize={28}
              isAnimationActive={false}
            />
          </BarChart>
        </ResponsiveContainer>
      </div>
      <VisuallyHidden>
        <table>
          <caption>{t(`measure.${measure}`)}</caption>
          <tbody>
            {days.map((day) => (
              <tr key={day.date}>
                <th scope="row">{label(day.date)}</th>
                <td>{value(day[measure])}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </VisuallyHidden>
    </>
  );
}
