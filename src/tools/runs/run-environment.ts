import { readJson } from '../../adapters/files.ts'
import type { EnvironmentSummary } from '../../reports/model-metadata.ts'
import type { RunRecord } from '../../runs/record.ts'

/** What a model needs to be loaded again, from a run's run.json. */
export function environmentOf(runFile: string): EnvironmentSummary | undefined {
  const record = readJson<RunRecord>(runFile)
  if (!record?.environment) return undefined
  const { platform, arch } = (record.hardware ?? {}) as { platform?: string; arch?: string }
  return {
    python: record.environment.python,
    ...(platform ? { platform: `${platform}-${arch ?? ''}` } : {}),
    packages: record.environment.packages,
  }
}
