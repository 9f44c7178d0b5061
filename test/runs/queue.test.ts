import { chmodSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import type { Claim } from '../../src/runs/record.ts'
import { freeSlots, runsThatFit } from '../../src/runs/slots.ts'
import { LabWorkspace } from '../support/lab-workspace.ts'

const one = (cpus: number, gpus = 0, memory_gb: number | null = null) => ({
  resources: { cpus, gpus, memory_gb },
})

describe('slots', () => {
  const capacity = { cpus: 4, memoryBytes: 8 * 1024 ** 3, gpus: 2 }

  test('what runs hold is not free', () => {
    const free = freeSlots(capacity, [{ resources: { cpus: 1, gpus: 1, memory_gb: 3 }, gpus: [1] }])
    expect(free).toEqual({ cpus: 3, memoryBytes: 5 * 1024 ** 3, gpus: [0] })
  })

  test('GPUs are given whole, and to one run each', () => {
    const chosen = runsThatFit([one(1, 1), one(1, 1), one(1, 1)], freeSlots(capacity, []))
    expect(chosen.map(({ gpus }) => gpus)).toEqual([[0], [1]])
  })

  test('a run that waits for a GPU alone lets others pass; one that waits for CPUs or memory is not passed', () => {
    const noGpu = freeSlots({ ...capacity, gpus: 0 }, [])
    expect(runsThatFit([one(1, 1), one(2)], noGpu)).toHaveLength(1)
    expect(runsThatFit([one(5), one(1)], freeSlots(capacity, []))).toHaveLength(0)
    expect(runsThatFit([one(1, 0, 9), one(1)], freeSlots(capacity, []))).toHaveLength(0)
  })
})

describe('the queue', () => {
  let lab: LabWorkspace
  afterEach(() => lab.dispose())

  test('holds runs back until there is room, in the order in which they came', async () => {
    lab = new LabWorkspace({ config: 'limits: {cpus: 1}\n' })
    const order = join(lab.root, 'order.txt')
    const program = `import time; open(${JSON.stringify(order)}, "a").write("{i} in\\n"); time.sleep(0.2); open(${JSON.stringify(order)}, "a").write("{i} out\\n")`
    const runs = []
    for (let i = 0; i < 3; i++) {
      runs.push(await lab.submit({ command: ['python', '-c', program], params: { i }, name: `step${i}` }))
    }
    await Promise.all([lab.schedule(), lab.schedule()])
    // Nobody else schedules from here on.
    for (const { folder } of runs) await lab.until('the end', () => lab.read(folder, 'end.json'))
    const { readFileSync } = await import('node:fs')
    expect(readFileSync(order, 'utf8').trim().split('\n')).toEqual([
      '0 in',
      '0 out',
      '1 in',
      '1 out',
      '2 in',
      '2 out',
    ])
    // The first supervisor took the next run itself: a long queue costs one start-up.
    const pids = await Promise.all(runs.map(async ({ folder }) => (await lab.claim(folder)).pid))
    expect(new Set(pids).size).toBe(1)
  })

  test('gives each run a GPU of its own, by what nvidia-smi lists', async () => {
    lab = new LabWorkspace({ config: 'limits: {cpus: 2}\n' })
    lab.write(
      'bin/nvidia-smi',
      '#!/bin/sh\necho "0, GPU-aaa, NVIDIA H100, 81559"\necho "1, GPU-bbb, NVIDIA H100, 81559"\n',
    )
    chmodSync(join(lab.root, 'bin/nvidia-smi'), 0o755)
    const before = process.env.PATH
    process.env.PATH = `${join(lab.root, 'bin')}:${before}`
    try {
      // None ends before two have begun.
      const program = `import glob, os, sys, time
print(os.environ["CUDA_VISIBLE_DEVICES"], flush=True)
open(sys.argv[1] + ".on", "w").close()
while len(glob.glob("*.on")) < 2: time.sleep(0.02)`
      const runs = []
      for (const name of ['a', 'b', 'c']) {
        runs.push(
          await lab.submit({
            command: ['python', '-c', program, name],
            name,
            // The same command again would be the same run.
            params: { name },
            resources: { gpus: 1, cpus: 0.1 },
          }),
        )
      }
      await lab.schedule()
      for (const { folder } of runs) await lab.end(folder)
      const claims = await Promise.all(runs.map(({ folder }) => lab.claim(folder) as Promise<Claim>))
      expect(
        claims
          .slice(0, 2)
          .flatMap(({ gpus }) => gpus)
          .sort(),
      ).toEqual([0, 1])
      expect(runs.map(({ folder }) => lab.log(folder).trim())).toEqual(
        claims.map(({ gpus }) => String(gpus[0])),
      )
      expect(lab.read(runs[0]!.folder, 'run.json')).toMatchObject({
        hardware: { gpus: [{ name: 'NVIDIA H100' }] },
      })
    } finally {
      process.env.PATH = before
    }
  })
})
