import { z } from 'zod'
import { Refusal } from '../core/errors.ts'
import { isEnd } from '../core/run-state.ts'
import type { ToolContext } from './context.ts'
import { labReady, renderJob } from './lab-ready.ts'
import { openedToWrite } from './opened-workspace.ts'
import { RunView, renderRun, viewRun, WAITED_IN_VAIN } from './runs/run-view.ts'
import { IncrementId, JOB, NextSteps, WaitS } from './shapes.ts'
import { defineTool, renderNext } from './tool.ts'

const name = z
  .string()
  .min(1)
  .max(300)
  .describe('such as xgboost: it gets the next number; exp-003-xgboost stands as it is')
const command = z
  .array(z.string().max(100_000))
  .min(1)
  .max(1000)
  .describe(
    'argv, no shell. {lr}, {run_dir}, {seed}, {train}, {validation}, {test}, {params_file} are filled in',
  )
const common = {
  dataset: z.string().max(300).optional().describe("such as churn@1; the increment's where left out"),
  params: z
    .record(z.string(), z.unknown())
    .optional()
    .describe('for the script, and for {lr} in the command'),
  metrics_from: z
    .array(
      z
        .object({
          path: z.string().min(1).max(4096),
          step: z
            .string()
            .optional()
            .describe('its column of steps; step, epoch or iteration where left out'),
        })
        .strict(),
    )
    .max(20)
    .optional()
    .describe('CSV or JSONL files that the script writes, taken up as reported points'),
  cwd: z.string().max(4096).optional().describe("relative to the workspace's root"),
  env: z.record(z.string(), z.string()).optional().describe('environment variables'),
  timeout_s: z.number().positive().optional(),
  preflight: z.boolean().optional().describe('checks and a smoke run first; by itself where expected long'),
  resources: z
    .object({
      cpus: z.number().positive(),
      gpus: z.number().int().nonnegative(),
      memory_gb: z.number().positive(),
    })
    .partial()
    .strict()
    .optional()
    .describe('1 CPU and no GPU where left out'),
  seeds: z
    .array(z.number().int().nonnegative())
    .min(1)
    .max(100)
    .refine((seeds) => new Set(seeds).size === seeds.length, 'each seed once')
    .optional()
    .describe('one child run for each'),
}

export const runExperiment = defineTool({
  name: 'run_experiment',
  title: 'Run an experiment',
  description:
    'Starts one command, or several side by side, as recorded runs: they survive this server, and queue for CPUs, memory and GPUs. Answers at once with run ids; wait_s waits. ' +
    'A bare `python` is the project interpreter. The script hands in predictions/<split>.csv (by the SDK or as a file in {run_dir}), which the lab scores; what it prints or types is only `reported`. ' +
    'The same request again is answered by the run that is there (`again: true` runs anew).',
  input: z.object({
    increment: IncrementId,
    name: name.optional(),
    command: command.optional(),
    ...common,
    experiments: z
      .array(z.object({ name, command, ...common }).strict())
      .min(1)
      .max(100)
      .optional()
      .describe('several at once, instead of name and command; what stands outside holds for all'),
    control: z
      .enum(['shuffled_labels'])
      .optional()
      .describe(
        'with `of`, instead of name and command: runs that run again with the labels of train and validation shuffled. A script that is still better than chance sees labels in another way',
      ),
    of: z.string().min(1).max(300).optional().describe('the run to control, such as 0042/exp-003-xgboost'),
    wait_s: WaitS,
    again: z.boolean().default(false).describe('run even where this request was answered before'),
  }),
  output: RunView.partial({ run: true, state: true }).extend({
    runs: z.array(RunView).optional(),
    ...JOB,
    next: NextSteps.optional(),
  }),
  annotations: { readOnlyHint: false, destructiveHint: false, idempotentHint: true, openWorldHint: true },
  command: {
    examples: [
      'specweave-ml run-experiment --increment 0042 --name forest --command python --command train.py --wait-s 30',
      'specweave-ml run --increment 0042 --name xgboost -- python train.py',
      'specweave-ml run --increment 0042 --name forest --preflight -- python train.py',
      'specweave-ml run --name forest --params lr=0.1,depth=6 --resources cpus=2,memory_gb=4 --env TZ=UTC -- python train.py --lr {lr}',
      'specweave-ml run --name net --seeds 1,2,3 --metrics-from path={run_dir}/log.csv,step=epoch -- python train.py',
      `specweave-ml run-experiment --experiments 'name=a,command=["python","a.py"]' --experiments 'name=b,command=["python","b.py"]'`,
      'specweave-ml run-experiment --control shuffled_labels --of 0042/exp-003-xgboost --wait-s 40',
    ],
    no: WAITED_IN_VAIN,
  },
  async handle(input, context) {
    if (input.control !== undefined || input.of !== undefined) return runControl(input, context)
    const { experiments, wait_s, again, increment: typed, control: _c, of: _o, ...single } = input
    const asked = experiments ? experiments.map((one) => ({ ...without(single), ...without(one) })) : [single]
    const missing = asked.flatMap(({ name, command }) => [
      ...(name ? [] : ['name']),
      ...(command ? [] : ['command']),
    ])
    if (missing.length > 0) {
      throw new Refusal('INPUT_INVALID', 'A run needs a name and a command, or a list of experiments.', {
        missing: [...new Set(missing)],
      })
    }
    const { workspace, index } = await openedToWrite(context)
    const [{ schedule }, { submitRuns }, { waitForRuns }, { runSetting }] = await Promise.all([
      import('../runs/schedule.ts'),
      import('../runs/submit.ts'),
      import('../runs/wait.ts'),
      import('./runs/run-setting.ts'),
    ])
    schedule(workspace, index)
    const setting = runSetting(workspace, typed)
    if (workspace.config.sign_off) {
      const { requireSignOff } = await import('./approvals/sign-off.ts')
      await requireSignOff(workspace, setting.increment.id, context)
    }
    const { expectedLong } = await import('../runs/same-command.ts')
    const requests = asked.map(({ dataset, ...one }) => ({
      ...one,
      preflight:
        one.preflight ??
        expectedLong(
          index,
          setting.increment.id,
          { command: one.command!, cwd: one.cwd ?? '.' },
          one.timeout_s,
        ),
      name: one.name!,
      command: one.command!,
      again,
      increment: setting.increment,
      dataset: setting.dataset(dataset),
    }))
    if (
      workspace.config.interpreter === 'lab' &&
      requests.some(({ command }) => /^python3?$/.test(command[0] ?? ''))
    ) {
      const job = await labReady({ workspace, index }, context, {
        tool: 'run_experiment',
        arguments: input,
        why: 'the same call again',
      })
      if (job) return job
    }
    const submitted = await submitRuns(workspace, index, requests)
    schedule(workspace, index)
    if (wait_s)
      await waitForRuns(
        index,
        submitted,
        wait_s,
        'all',
        context.signal,
        () => void schedule(workspace, index),
      )
    const logLines = submitted.length > 1 ? 5 : 20
    const views = await Promise.all(
      submitted.map(({ run, folder, reused }) =>
        viewRun(workspace, index, run, folder, { logLines, reused, brief: submitted.length > 1 }),
      ),
    )
    const { nameEarlierOutcomes } = await import('./runs/earlier-outcome.ts')
    await nameEarlierOutcomes(workspace, index, requests, views)
    return experiments ? { runs: views, next: nextOf(views) } : views[0]!
  },
  render(output) {
    const job = renderJob(output)
    if (job) return job + renderNext(output.next)
    if (!output.runs) return renderRun(output as RunView) + renderNext(output.next)
    return output.runs.map(renderRun).join('\n\n') + renderNext(output.next)
  },
})

async function runControl(
  input: { control?: string; of?: string; wait_s?: number; again: boolean },
  context: ToolContext,
) {
  const [{ checkControlInput, submitControl }, { schedule }, { waitForRuns }] = await Promise.all([
    import('./controls/control-step.ts'),
    import('../runs/schedule.ts'),
    import('../runs/wait.ts'),
  ])
  checkControlInput(input)
  const session = await openedToWrite(context)
  const { workspace, index } = session
  schedule(workspace, index)
  const job = await labReady(session, context, {
    tool: 'run_experiment',
    arguments: input,
    why: 'the same call again',
  })
  if (job) return job
  const { run, folder, reused } = await submitControl(workspace, index, input.of!, input.again)
  const scheduled = () => void schedule(workspace, index)
  scheduled()
  if (input.wait_s)
    await waitForRuns(index, [{ run, folder }], input.wait_s, 'all', context.signal, scheduled)
  return viewRun(workspace, index, run, folder, { logLines: 20, reused })
}

function without<T extends object>(value: T): Partial<T> {
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined)) as Partial<T>
}

function nextOf(views: RunView[]): z.input<typeof NextSteps> {
  const open = views.filter(({ state }) => !isEnd(state)).map(({ run }) => run)
  if (open.length > 0)
    return [{ tool: 'get_run', arguments: { run: open, wait_s: 40 }, why: 'waits for them' }]
  const increment = views[0]?.run.split('/')[0]
  return [{ tool: 'compare_runs', arguments: { increment }, why: 'sets them side by side' }]
}
