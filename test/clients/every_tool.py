"""Carries the churn data from spec to verdict with the official Python MCP client over stdio, by every tool there is.

    python every_tool.py SERVER_COMMAND...        (in a folder that holds churn/)

The client validates each answer against the tool's output schema. Prints one JSON object: what was listed and what
was called. Exits 1 with a message where anything is not as it should be.
"""

import asyncio
import json
import os
import sys

from mcp import Client, StdioServerParameters

UNDER_WAY = ("queued", "starting", "running", "evaluating")


class Loop:
    def __init__(self, client: Client) -> None:
        self.client = client
        self.called: list[str] = []

    async def call(self, tool: str, **arguments: object) -> dict:
        """The structured answer of one call; a refusal or an answer that its schema does not allow is an exception."""
        result = await self.client.call_tool(tool, arguments, read_timeout_seconds=60)
        if result.is_error:
            raise SystemExit(f"{tool} was refused: {result.structured_content}")
        if result.structured_content is None or not any(part.text for part in result.content):
            raise SystemExit(f"{tool} answered without structure or without text")
        if tool not in self.called:
            self.called.append(tool)
        return result.structured_content

    async def ended(self, views: list[dict]) -> list[dict]:
        while any(view["state"] in UNDER_WAY for view in views):
            views = (await self.call("get_run", run=[view["run"] for view in views], wait_s=40)).get("runs")
        return views


def expect(holds: object, what: str) -> None:
    if not holds:
        raise SystemExit(f"not as it should be: {what}")


async def carry(loop: Loop) -> dict:
    """The whole loop, on small models."""
    made = await loop.call(
        "create_increment",
        title="build a churn model",
        problem_type="classification",
        success_metrics=["roc_auc >= 0.75"],
        baseline_lift=0.1,
    )
    increment = made["increment"]
    data = await loop.call(
        "register_dataset",
        name="churn",
        source="churn/churn.csv",
        target="churn",
        positive="yes",
        problem_type="classification",
        increment=increment,
    )
    expect(data["rows"] == 5000, "5,000 rows")
    baselines = await loop.call("run_baselines", increment=increment, wait_s=40)
    expect(len(await loop.ended(baselines["runs"])) == 3, "three baselines")

    waiting = await loop.call(
        "run_experiment", increment=increment, name="waits", command=["python", "-c", "import time; time.sleep(300)"]
    )
    stopped = await loop.call("stop_run", run=waiting["run"], reason="only to be stopped")
    expect(stopped["state"] == "stopped", "a stopped run is stopped")

    trained = await loop.call(
        "run_experiment", increment=increment, name="logistic", command=["python", "churn/train_logistic.py"], wait_s=40
    )
    [trained] = await loop.ended([trained])
    run = trained["run"]
    shown = await loop.call("get_run", run=run, curves=["*"])
    expect(shown["state"] == "succeeded", f"the model is trained: {shown}")
    expect(any(m["source"] == "measured" and m["split"] == "validation" for m in shown["metrics"]), "measured numbers")

    listed = await loop.call("list_runs", increment=increment)
    expect(run in [row["run"] for row in listed["runs"]], "the run is listed")
    compared = await loop.call("compare_runs", increment=increment)
    expect(compared["best"] == run, "the model is the best")
    look = await loop.call("evaluate_run", run=run, split="test")
    expect(look["look"]["used"] == 1, "one look")
    again = await loop.call("reproduce_run", run=run, wait_s=40)
    while again["state"] in UNDER_WAY:
        again = await loop.call("reproduce_run", run=run, wait_s=40)
    expect(again["outcome"] == "identical", f"the run comes out the same: {again}")
    verdict = await loop.call("validate_increment", increment=increment)
    expect(verdict["verdict"] == "pass", f"a pass: {verdict}")
    stands = await loop.call("get_increment", increment=increment)
    expect(stands["candidate"] == run, "the candidate is the run that was looked at")
    for step in verdict["next"]:
        if step.get("tool") == "get_run":  # the control that the look queued
            await loop.ended([{"run": step["arguments"]["run"], "state": "running"}])
    done = await loop.call("complete_increment", increment=increment)
    expect(done["status"] == "completed", "completed")
    issue = await loop.call("create_issue", title="Retrain the churn model", increment=increment)
    expect(issue["outcome"] == "written", "without a remote the text is written")
    learned = await loop.call("record_insight", text="Calls to the service tell churn", runs=[run])
    found = await loop.call("record_insight", search="service calls")
    expect(learned["insight"] in found["found"][0]["from"], f"what was learned is found: {found}")
    docs = await loop.call("sync_docs", mode="check")
    expect(not docs["changed"], "the documents are up to date")
    return {"increment": increment, "run": run}


async def read_all(client: Client) -> list[str]:
    """Reads every resource that is listed, and gives their addresses."""
    addresses = [str(resource.uri) for resource in (await client.list_resources()).resources]
    for uri in addresses:
        contents = (await client.read_resource(uri)).contents
        expect(contents and contents[0].text, f"{uri} can be read")
    return addresses


async def main(command: list[str]) -> None:
    server = StdioServerParameters(command=command[0], args=command[1:], env=dict(os.environ), cwd=os.getcwd())
    async with Client(server) as client:
        tools = (await client.list_tools()).tools
        loop = Loop(client)
        made = await carry(loop)
        prompts = (await client.list_prompts()).prompts
        for prompt in prompts:
            values = {argument.name: "churn" for argument in prompt.arguments or []}
            expect((await client.get_prompt(prompt.name, values)).messages, f"the prompt {prompt.name}")
        report = {
            **made,
            "server": client.server_info.name if client.server_info else None,
            "protocol": client.protocol_version,
            "listed": [tool.name for tool in tools],
            "without_schema": [tool.name for tool in tools if not tool.output_schema],
            "called": loop.called,
            "resources": await read_all(client),
            "templates": [t.uri_template for t in (await client.list_resource_templates()).resource_templates],
            "prompts": [prompt.name for prompt in prompts],
        }
    print(json.dumps(report))


asyncio.run(main(sys.argv[1:]))
