import { describe, expect, it } from 'vitest';
import type { Status, UploadItem } from './item';
import { bytesOf, lengthOf, missingFrom, rangeOf } from './parts';
import { pauseBefore } from './persist';
import { Slots } from './slots';
import { SpeedMeter, timeLeft } from './speed';
import { rowsOf, summaryOf, totals } from './summary';

const layout = { size: 10, chunkSize: 4, totalChunks: 3 };

describe('chunks', () => {
  it('cover the file exactly, the last one short', () => {
    expect([0, 1, 2].map((number) => rangeOf(layout, number))).toEqual([
      [0, 4],
      [4, 8],
      [8, 10],
    ]);
    expect(lengthOf(layout, 2)).toBe(2);
    expect(() => rangeOf(layout, 3)).toThrow(RangeError);
    expect(() => rangeOf(layout, -1)).toThrow(RangeError);
  });

  it('are missing unless they are there', () => {
    expect(missingFrom(layout, [])).toEqual([0, 1, 2]);
    expect(missingFrom(layout, [1, 1, 7])).toEqual([0, 2]);
    expect(missingFrom(layout, [2, 1, 0])).toEqual([]);
    expect(bytesOf(layout, [2, 0, 0])).toBe(6);
  });
});

describe('speed', () => {
  it('is that of the last seconds', () => {
    const meter = new SpeedMeter();
    expect(meter.perSecond(0)).toBeUndefined();
    meter.mark(0, 0);
    expect(meter.perSecond(100)).toBeUndefined();
    for (let second = 1; second <= 10; second += 1) meter.mark(second * 1000, second * 100);
    for (let second = 11; second <= 20; second += 1) meter.mark(second * 1000, 1000 + (second - 10) * 400);
    expect(meter.perSecond(20_000)).toBeCloseTo(400);
  });

  it('begins anew when less has been sent than before', () => {
    const meter = new SpeedMeter();
    meter.mark(0, 0);
    meter.mark(1_000, 1_000);
    meter.mark(2_000, 0);
    meter.mark(3_000, 10);
    expect(meter.perSecond(3_000)).toBeCloseTo(10);
  });

  it('tells the time left, or that nothing can be told', () => {
    expect(timeLeft(100, 50)).toBe(2_000);
    expect(timeLeft(0, undefined)).toBe(0);
    expect(timeLeft(100, 0)).toBeUndefined();
    expect(timeLeft(100, undefined)).toBeUndefined();
  });

  it('pauses twice as long after each try, up to a limit', () => {
    expect([1, 2, 3, 9].map(pauseBefore)).toEqual([500, 1_000, 2_000, 20_000]);
  });
});

describe('slots', () => {
  it('are given in order, and back also after a failure', async () => {
    const slots = new Slots(1);
    const seen: string[] = [];
    const first = slots.run(async () => {
      seen.push('first');
      throw new Error('no');
    });
    const second = slots.run(async () => seen.push('second'));
    await expect(first).rejects.toThrow('no');
    await second;
    expect(seen).toEqual(['first', 'second']);
  });

  it('are not waited for after an abort', async () => {
    const slots = new Slots(1);
    let end = () => {};
    const holding = slots.run(
      () =>
        new Promise<void>((resolve) => {
          end = resolve;
        }),
    );
    const stop = new AbortController();
    const waiting = slots.run(async () => 'never', stop.signal);
    stop.abort();
    await expect(waiting).rejects.toMatchObject({ name: 'AbortError' });
    end();
    await holding;
    expect(await slots.run(async () => 'free')).toBe('free');
  });
});

describe('the head of the panel', () => {
  const of = (...states: Status[]) =>
    states.map((status, at) => ({ id: `${at}`, status, size: 100, sent: 40 }) as UploadItem);

  it('says the most urgent thing', () => {
    expect(summaryOf([])).toBeUndefined();
    expect(summaryOf(of('done', 'sending', 'failed'))).toEqual({ kind: 'active', count: 1 });
    expect(summaryOf(of('waiting', 'queued'))).toEqual({ kind: 'waiting', count: 2 });
    expect(summaryOf(of('done', 'needs-file', 'failed'))).toEqual({ kind: 'needsFile', count: 1 });
    expect(summaryOf(of('done', 'failed'))).toEqual({ kind: 'failed', count: 1 });
    expect(summaryOf(of('done', 'done'))).toEqual({ kind: 'done', count: 2 });
  });

  it('counts bytes of what is done or under way', () => {
    expect(totals(of('done', 'sending', 'failed'))).toEqual({ sent: 140, size: 200 });
  });

  it('shows first what needs somebody, and says how many are not shown', () => {
    expect(rowsOf(of('done', 'queued', 'failed', 'sending')).rows.map(({ status }) => status)).toEqual([
      'failed',
      'sending',
      'queued',
      'done',
    ]);
    expect(rowsOf(of(...Array.from({ length: 130 }, () => 'queued' as const))).more).toBe(30);
  });
});
