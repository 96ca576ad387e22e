// Two questions in one fresh thread with the standard AG-UI client, which checks every event.
// Takes the address of the stream and of the package as arguments, the access token on stdin.
import { readFileSync } from "node:fs";

const [url, where] = process.argv.slice(2);
const token = readFileSync(0, "utf8").trim();
const { HttpAgent } = await import(`${where}/dist/index.mjs`);

const agent = new HttpAgent({ url, headers: { Authorization: `Bearer ${token}` } });
const errors = [];
for (const content of ["My name is Ada.", "What is my name?"]) {
  agent.addMessage({ id: crypto.randomUUID(), role: "user", content });
  await agent.runAgent(
    {},
    {
      onRunFailed: ({ error }) => void errors.push(String(error)),
      onRunErrorEvent: ({ event }) => void errors.push(event.message),
    },
  );
}
console.log(JSON.stringify({ threadId: agent.threadId, messages: agent.messages, errors }));
