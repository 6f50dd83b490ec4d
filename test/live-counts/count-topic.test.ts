/** What a topic keeps for its counters: what they ask for, and no more of it than they need. */
import { describe, expect, it } from 'vitest';
import type { CountRequest } from '../../schemas/count.ts';
import { createHeldFilters } from '../../src/feed/held-filters.ts';
import { defaultFilter } from '../../src/filter/validate-filter.ts';
import { CountBudget } from '../../src/live-counts/budget.ts';
import { CountTopic } from '../../src/live-counts/count-topic.ts';
import { CountedEvent } from '../../src/live-counts/counted-event.ts';
import { Counter } from '../../src/live-counts/counter.ts';
import { SharedTexts } from '../../src/live-counts/heard-event.ts';
import { Question } from '../../src/live-counts/question.ts';

const nowMs = Date.parse('2026-01-01T12:00:00Z');
const filters = createHeldFilters(1_000_000);

function counterOf(countable: CountRequest['countable']): Counter {
  const filter = defaultFilter({ now: new Date(nowMs), openEnded: true });
  const request = { filter, countable, unit: 'hour', interval: 1, groupsMax: null, lastMs: 60_000 } as const;
  const question = new Question(request, [], nowMs);
  return new Counter(question, filters.hold(question.filters), 1_000, new CountBudget(10_000_000), nowMs);
}

/** Knows what it was asked for. */
class Told extends CountedEvent {
  readonly labels: string[] = [];

  override label(name: string): string | null {
    this.labels.push(name);
    return super.label(name);
  }
}

const texts = new SharedTexts();

function hear(topic: CountTopic, resource: string): readonly string[] {
  const body = {
    occurred: '2026-01-01T11:59:59Z',
    event: 'e',
    resource: { 'prefect.resource.id': resource },
    related: [],
    payload: {},
    id: '00000000-0000-4000-8000-000000000001',
    follows: null,
  };
  const event = new Told();
  event.become({ seq: 1, raw: '', search: '', body });
  event.read();
  topic.hear(event, texts, nowMs);
  return event.labels;
}

describe('a topic', () => {
  it('asks events for what its counters ask now', () => {
    const topic = new CountTopic();
    const others = ['one', 'two'].map((label) => counterOf({ label }));
    topic.join(counterOf('event'), nowMs);
    for (const other of others) topic.join(other, nowMs);
    expect(hear(topic, 'a')).toEqual(['one', 'two']);
    for (const other of others) topic.leave(other);
    topic.join(counterOf({ label: 'three' }), nowMs);
    expect(hear(topic, 'a')).toEqual(['three']);
  });

  it('lets long texts go when they are counted', () => {
    const topic = new CountTopic();
    const counter = counterOf('resource');
    topic.join(counter, nowMs);
    for (let short = 0; short < 100; short += 1) hear(topic, `r.${short}`);
    expect([topic.count, counter.countedUpTo(1)]).toEqual([100, 0]);
    hear(topic, 'long'.repeat(10_000));
    expect([topic.count, counter.countedUpTo(1)]).toEqual([0, 1]);
    expect(topic.at(100)).toBeUndefined();
  });
});
