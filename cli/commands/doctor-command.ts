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
    { flags: '--data-dir <folder>', help: 'as for serve (SLUICE_DATA_DIR)' },
    { flags: '--host <address>', help: 'as for serve (SLUICE_HOST)' },
    { flags: '--port <n>', help: 'as for serve (SLUICE_PORT); the server is asked there, unless one is named' },
    ...prefectOptions,
    { flags: '--front <url>', help: 'where clients of that Prefect send to: its proxy' },
    ...connectionOptions,
  ],
  examples: [
    { words: 'sluice doctor', says: 'Exit code 1 if a line is not ok; it emits one event named sluice.doctor' },
    {
      words: 'sluice doctor --data-dir /var/lib/sluice --port 4300',
      says: 'With the settings of a server; any other comes by its variable',
    },
    {
      words:
        'sluice doctor --prefect http://127.0.0.1:4200 --front https://prefect.example.org --url http://127.0.0.1:4201',
      says: 'Beside a Prefect server: it emits an event to each, and looks where they come out',
    },
  ],
  run: async (call) => (await import('../run/doctor.ts')).runDoctor(call),
};
