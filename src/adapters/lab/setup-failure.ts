import { Refusal } from '../../core/errors.ts'

/** What the installers say, and what a person can do about it. The first that matches is told. */
const REASONS: readonly { pattern: RegExp; cause: string; advice: string }[] = [
  {
    pattern: /ProxyError|Tunnel connection failed|407 Proxy|proxy authentication/i,
    cause: 'The proxy refused the connection',
    advice: 'set HTTPS_PROXY (with user and password where it asks for them), then',
  },
  {
    pattern: /CERTIFICATE_VERIFY_FAILED|SSLError|invalid peer certificate/i,
    cause: 'The certificate of the package index could not be verified',
    advice: 'set PIP_CERT (uv: SSL_CERT_FILE) to the bundle of your company, then',
  },
  {
    pattern: /DO NOT MATCH THE HASHES|Hash mismatch/i,
    cause: 'A package differs from the one that the lock names',
    advice: 'a mirror or cache may hold a damaged file: clear it (pip cache purge), then',
  },
  {
    pattern: /No space left on device|Disk quota exceeded/i,
    cause: 'There is no room left',
    advice: 'free about 1 GB, or set SPECWEAVE_LAB_DIR to a folder with room, then',
  },
  {
    pattern: /ensurepip is not available|No module named (?:venv|ensurepip|pip)|python3-venv/i,
    cause: 'This Python cannot make environments',
    advice: 'install its venv package (Debian: apt install python3-venv) or uv, then',
  },
  {
    pattern:
      /No matching distribution|Could not find a version|no wheels? with a matching|Temporary failure in name|Name or service not known|NewConnectionError|Failed to establish a new connection|Network is unreachable|ConnectTimeout|Read timed out|dns error|error sending request|Failed to fetch|Connection refused/i,
    cause: 'The package index could not be reached, or does not have a package',
    advice: 'check the network, or set PIP_INDEX_URL (uv: UV_INDEX_URL) to a mirror, then',
  },
  {
    pattern:
      /command '?[\w/.-]*(?:gcc|cc|clang|g\+\+)'? failed|Unknown compiler|Failed building wheel|metadata-generation-failed/i,
    cause: 'A package had to be compiled, and that failed',
    advice:
      'use a Python for which wheels exist (SPECWEAVE_PYTHON=python3.12), or install a C compiler, then',
  },
]

/** The refusal for a failed set-up: the likely cause, the last lines of the installer, and the command that goes on. */
export function setupFailure(lines: readonly string[], logPath: string, cause: unknown): Refusal {
  const text = lines.join('\n')
  const reason = REASONS.find(({ pattern }) => pattern.test(text))
  const tail = lines
    .filter((line) => line.trim() !== '')
    .slice(-12)
    .map((line) => `  ${line}`)
    .join('\n')
  const message = [
    `${reason?.cause ?? "The lab's environment could not be made"}. The log is ${logPath}; its end:`,
    tail || '  (nothing was printed)',
  ].join('\n')
  return new Refusal('LAB_UNAVAILABLE', message, {
    next: [
      {
        person: 'specweave-ml setup',
        why: `${reason?.advice ?? 'after mending what the log says,'} this goes on where it stopped`,
      },
    ],
    cause,
  })
}
