// Questions in one fresh thread with the standard AG-UI client, which checks every event.
// Takes the address of the stream and of the package as arguments; on stdin, as JSON, the access
// token and the questions: [{content, forwardedProps?}].
import { readFileSync } from "node:fs";

const [url, where] = process.argv.slice(2);
const { token, questions } = JSON.parse(readFileSync(0, "utf8"));
const { HttpAgent } = await import(`${where}/dist/index.mjs`);

const agent = new HttpAgent({ url, headers: { Authorization: `Bearer ${token}` } });
const errors = [];
const types = [];
for (const { content, forwardedProps } of questions) {
  agent.addMessage({ id: crypto.randomUUID(), role: "user", content });
  await agent.runAgent(
    { forwardedProps },
    {
      onEvent: ({ event }) => void types.push(event.type),
      onRunFailed: ({ error }) => void errors.push(String(error)),
      onRunErrorEvent: ({ event }) => void errors.push(event.message),
    },
  );
}
console.log(JSON.stringify({ threadId: agent.threadId, messages: agent.messages, errors, types }));
