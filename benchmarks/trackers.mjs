// Which other trackers there are, and where they write when they are measured.
import { spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'

export const TRACKERS = {
  mlflow: 'MLflow on SQLite',
  wandb: 'W&B offline',
  trackio: 'trackio',
  aim: 'Aim',
}

export function isInstalled(python, name) {
  const program = `import importlib.util, sys; sys.exit(importlib.util.find_spec(${JSON.stringify(name)}) is None)`
  return spawnSync(python, ['-c', program]).status === 0
}

/** The environment in which all of them write below one folder, and none of them calls home. */
export function trackersEnvironment(root, folder) {
  const increments = join(folder, '.specweave', 'increments')
  const { PYTHONDONTWRITEBYTECODE: _, ...env } = process.env
  return {
    ...env,
    PYTHONPATH: join(root, 'python', 'sdk'),
    PYTHONPYCACHEPREFIX: join(folder, '.pycache'),
    SPECWEAVE_INCREMENT: readdirSync(increments)[0].slice(0, 4),
    TRACKIO_DIR: join(folder, '.trackio'),
    WANDB_DIR: folder,
    MLFLOW_DISABLE_TELEMETRY: 'true',
    AIM_ANALYTICS: 'off',
    DO_NOT_TRACK: 'true',
  }
}
