import { describe, expect, it } from 'vitest';
import { parseCommand, usages, type CommandWorld } from '../src/lib/commands';

const world: CommandWorld = {
  talkgroups: [
    { id: 'n/310201', name: 'NORRVIK PATRULL 1', number: 310201, address: 1 },
    { id: 'n/310202', name: 'NORRVIK PATRULL 2', number: 310202, address: 2 },
    { id: 'n/310301', name: 'BRAND 1', number: 310301, address: 7 },
  ],
  units: [
    { id: 'n/1210204', number: 1210204, alias: '3204' },
    { id: 'n/1220101', number: 1220101, alias: 'B 101 Styrka' },
    { id: 'n/1220102', number: 1220102, alias: 'B 102 Stege' },
  ],
  can: () => true,
  hasCall: true,
  today: '2026-11-24',
};

describe('sel', () => {
  it.each(['sel brand 1', 'SEL BRAND1', '/sel 310301', 'sel bra', 'sel 07'])('finds by %s', (line) => {
    expect(parseCommand(line, world)).toMatchObject({ do: 'select', talkgroup: 'n/310301' });
  });

  it('names the several that it could be, and never takes one of them', () => {
    expect(parseCommand('sel patrull', world)).toEqual({
      do: 'nothing', why: 'Several: NORRVIK PATRULL 1, NORRVIK PATRULL 2',
    });
    expect(parseCommand('sel taxi', world)).toEqual({ do: 'nothing', why: 'No talkgroup is called taxi' });
  });
});

describe('text', () => {
  it('takes the longest name that is one unit, the rest are the words', () => {
    expect(parseCommand('text 3204 Kom in', world)).toEqual({ do: 'text', unit: 'n/1210204', name: '3204', words: 'Kom in' });
    expect(parseCommand('text B 101 Styrka vänd om', world)).toMatchObject({ unit: 'n/1220101', words: 'vänd om' });
    expect(parseCommand('text b 102 vänd om', world)).toMatchObject({ unit: 'n/1220102', words: 'vänd om' });
  });

  it('sends nothing to nobody, to several, or without words', () => {
    expect(parseCommand('text B vänd', world)).toMatchObject({ do: 'nothing', why: 'Several: B 101 Styrka, B 102 Stege' });
    expect(parseCommand('text 9999 hej', world)).toMatchObject({ why: 'No unit is called 9999' });
    expect(parseCommand('text 3204', world)).toMatchObject({ why: 'text 3204: what?' });
  });
});

describe('find and note', () => {
  it('find makes a search of the call log', () => {
    expect(parseCommand('find unit 4512 today', world)).toEqual({ do: 'find', query: { day: '2026-11-24', unit: '4512' } });
    expect(parseCommand('find röd bil', world)).toEqual({ do: 'find', query: { q: 'röd bil' } });
    expect(parseCommand('find', world)).toMatchObject({ do: 'nothing' });
  });

  it('note needs words and a call', () => {
    expect(parseCommand('note blå skåpbil', world)).toEqual({ do: 'note', text: 'blå skåpbil' });
    expect(parseCommand('note x', { ...world, hasCall: false })).toMatchObject({ why: 'There is no call yet' });
  });
});

describe('rights', () => {
  const mute: CommandWorld = { ...world, can: (permission) => permission === 'talkgroup.select' };

  it('offer and run only what is permitted', () => {
    expect(usages(mute).map((one) => one.verb)).toEqual(['sel']);
    expect(parseCommand('find x', mute)).toMatchObject({ do: 'nothing', why: 'You may not: search the call log' });
    expect(parseCommand('patch a b', mute)).toMatchObject({ why: 'You may not: join talkgroups' });
    expect(parseCommand('fly a b', mute)).toMatchObject({ why: 'No command fly. There is: sel' });
  });
});
