/** The command that looks for what is wrong: doctor. */
import type { CommandRow } from '../command-row.ts';
import { connectionOptions } from '../options.ts';
import { prefectOptions } from '../prefect-target.ts';

export const doctorRow: CommandRow = {
  name: 'doctor',
  words: '',
  summary: 'look at this machine as serve would see it, and at the server: each line is ok, or what to do',
  options: [
    { flags: '-o, --output <form>', help: 'text or json', choices: ['text', 'json'], fallback: 'text' },
    ...prefectOptions,
    { flags: '--front <url>', help: 'where clients of that Prefect send to: its proxy' },
    ...connectionOptions,
  ],
  examples: [
    { words: 'sluice doctor', says: 'Exit code 1 if a line is not ok; it emits one event named sluice.doctor' },
    {
      words: 'SLUICE_DATA_DIR=/var/lib/sluice sluice doctor --url http://events:4200',
      says: 'With the settings of a server',
    },
    {
      words:
        'sluice doctor --prefect http://127.0.0.1:4200 --front https://prefect.example.org --url http://127.0.0.1:4201',
      says: 'Beside a Prefect server: it emits an event to each, and looks where they come out',
    },
  ],
  run: async (call) => (await import('../run/doctor.ts')).runDoctor(call),
};
