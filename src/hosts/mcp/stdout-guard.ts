/**
 * Keeps stdout for the protocol: what anything else prints goes to stderr from now on.
 * @returns the only way left to write to stdout
 */
export function claimStdout(): (text: string) => void {
  const { stdout, stderr } = process
  const write = stdout.write.bind(stdout) as (text: string) => boolean
  stdout.write = stderr.write.bind(stderr) as typeof stdout.write
  console.log = console.error
  console.info = console.error
  console.debug = console.error
  return (text) => void write(text)
}
