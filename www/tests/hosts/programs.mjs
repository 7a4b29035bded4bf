/**
 * Runs programs in the `web` face and says what they printed: the same code in Node and in a browser, so that their results can be
 * compared with each other and with those of the other hosts.
 *
 * A program: `{ name, source }` (Mochi) or `{ name, beams: [[module, base64], ..], module, function }`, and optionally `input`
 * and `clock` (true: the machine's clock and entropy instead of the VM's own).
 * A result: `{ name, stdout, stderr, status, reason }`.
 */

/** Nothing runs for longer than this. */
const PATIENCE = 60_000;

const bytesOf = (base64) => Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
const later = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

export async function runProgram({ Session, Advance }, bundle, program) {
  const session = new Session(bundle, !program.clock);
  const decoders = [new TextDecoder(), new TextDecoder()];
  const text = ['', ''];
  const result = (status, reason) => ({
    name: program.name,
    stdout: text[0],
    stderr: text[1],
    status,
    reason,
  });
  try {
    if (program.source !== undefined) {
      const errors = session.run(program.source).filter((item) => item.severity === 'error');
      if (errors.length > 0) {
        text[1] = errors
          .map((item) => `${item.line}:${item.column}: ${item.code}: ${item.message}\n`)
          .join('');
        return result(1, 'not compiled');
      }
    } else {
      for (const [module, beam] of program.beams) session.addModule(module, bytesOf(beam));
      session.call(program.module, program.function);
    }
    if (program.input !== undefined) session.pushInput(program.input);
    session.closeInput();
    const end = performance.now() + PATIENCE;
    while (performance.now() < end) {
      const found = session.advance(2 ** 31, 100);
      for (const [isError, bytes] of session.takeOutput()) {
        const stream = isError ? 1 : 0;
        text[stream] += decoders[stream].decode(bytes, { stream: true });
      }
      if (found === Advance.Ended) return result(session.exitStatus, session.exitReason);
      await later(found === Advance.Timer ? Math.min(session.wait, 50) : 0);
    }
    return result(124, 'took too long');
  } catch (error) {
    return result(125, `the VM failed: ${error}`);
  } finally {
    try {
      session.free();
    } catch {
      // A session that has failed inside can't be freed; its instance is not used again.
    }
  }
}

/** Runs all, one after the other. A program that breaks the instance gets a new one from `load`. */
export async function runPrograms(load, bundle, programs) {
  let face = await load();
  const results = [];
  for (const program of programs) {
    const result = await runProgram(face, bundle, program);
    results.push(result);
    if (result.status === 125) face = await load();
  }
  return results;
}
