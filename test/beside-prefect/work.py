"""What people do with a Prefect server, done by the real client: `flow`, `serve`, `wait` and `cancel`.

Each prints one line of JSON. The server comes from the client's own settings, as PREFECT_API_URL.
"""

import argparse
import asyncio
import json
import time

from prefect import flow, task
from prefect.client.orchestration import get_client
from prefect.deployments import run_deployment
from prefect.states import Cancelling


@task
def double(number: float) -> float:
    return number * 2


@flow(name="quick")
def quick() -> float:
    return double(double(1.5))


@flow(name="slow")
def slow() -> None:
    for _ in range(600):
        time.sleep(0.2)


def say(**facts: object) -> None:
    print(json.dumps(facts), flush=True)


def run_flow() -> None:
    """A flow run in this process, with two task runs."""
    state = quick(return_state=True)
    say(run=str(state.state_details.flow_run_id), state=state.type.value)


def serve() -> None:
    """Serves both flows until it is ended."""
    from prefect import serve as serve_all

    say(serving=True)
    serve_all(quick.to_deployment("beside"), slow.to_deployment("beside"))


async def end_of(client, run_id, seconds: float):
    """The final state of a run, by asking."""
    deadline = time.monotonic() + seconds
    while True:
        run = await client.read_flow_run(run_id)
        if (run.state and run.state.is_final()) or time.monotonic() > deadline:
            return run
        await asyncio.sleep(0.2)


async def wait() -> None:
    """A run of a deployment, waited for as `deployment run --watch` does: by events."""
    from prefect.flow_runs import wait_for_flow_run

    run = await run_deployment("quick/beside", timeout=0, as_subflow=False)
    start = time.monotonic()
    done = await wait_for_flow_run(run.id, timeout=300)
    say(run=str(run.id), state=done.state.type.value, seconds=round(time.monotonic() - start, 1))


async def cancel() -> None:
    """A run that is cancelled while it works: its runner hears of it by events."""
    run = await run_deployment("slow/beside", timeout=0, as_subflow=False)
    async with get_client() as client:
        while (await client.read_flow_run(run.id)).state.type.value != "RUNNING":
            await asyncio.sleep(0.2)
        start = time.monotonic()
        await client.set_flow_run_state(run.id, Cancelling(), force=True)
        done = await end_of(client, run.id, 300)
        say(run=str(run.id), state=done.state.type.value, seconds=round(time.monotonic() - start, 1))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("what", choices=["flow", "serve", "wait", "cancel"])
    what = parser.parse_args().what
    if what == "flow":
        run_flow()
    elif what == "serve":
        serve()
    else:
        asyncio.run(wait() if what == "wait" else cancel())


if __name__ == "__main__":
    main()
