import { defineConfig } from 'vitest/config'

// Four projects, from what every machine can run to what needs root and a container engine (see CONTRIBUTING.md).
export default defineConfig({
  test: {
    projects: [
      { test: { name: 'unit', include: ['test/unit/**/*.test.ts'] } },
      {
        test: {
          name: 'tui',
          include: ['test/tui/**/*.test.{ts,tsx}'],
          env: { FORCE_COLOR: '3', COLUMNS: '80', LINES: '24' },
        },
      },
      {
        test: {
          name: 'integration',
          include: ['test/integration/**/*.test.ts'],
          testTimeout: 60_000,
          hookTimeout: 60_000,
          sequence: { groupOrder: 1 },
          retry: 1,
        },
      },
      {
        test: {
          name: 'lab',
          include: ['test/lab/**/*.test.ts'],
          globalSetup: 'test/lab/setup.ts',
          testTimeout: 900_000,
          hookTimeout: 900_000,
          // After everything else, and two at a time: much of a lab test is waiting for timers and reboots.
          sequence: { groupOrder: 2 },
          // Real machines on a shared processor: one more try, and the report says that it was needed.
          retry: 1,
          maxWorkers: 2,
        },
      },
    ],
  },
})
