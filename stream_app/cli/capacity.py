"""`voxpop capacity`: what a number of posts a second needs, by the costs that were measured."""

from pathlib import Path
from typing import Annotated

import typer

from stream_app.cli.examples import examples
from stream_app.core.flow import BATCH_MOST, BATCH_MOST_ON_GPU

EXAMPLES = examples(
    "voxpop capacity -n 10000",
    "voxpop capacity -n 100000 --window-idle-days 0.05 --gpu 1 --json plan.json",
    "voxpop capacity -n 2000 --costs costs.toml  # measured by `voxpop bench calibrate`",
)


def capacity(
    *,
    posts_per_second: Annotated[
        float, typer.Option("--posts-per-second", "-n", help="At the busiest time.")
    ],
    tracks: Annotated[int, typer.Option(min=1, help="How many tracks there are.")] = 1000,
    tracks_per_post: Annotated[int, typer.Option(min=1, help="Tracks of a post.")] = 1,
    hot_share: Annotated[
        float, typer.Option(min=0, max=1, help="Share of posts that the busiest track has.")
    ] = 0.05,
    conversation_posts: Annotated[
        float, typer.Option(min=1, help="Posts of a conversation on average.")
    ] = 6.7,
    live_minutes: Annotated[
        float, typer.Option(min=0.01, help="For how long a conversation gets posts.")
    ] = 10.0,
    window_posts: Annotated[int, typer.Option(min=1, max=512, help="VOXPOP_WINDOW.")] = 32,
    window_idle_days: Annotated[
        float, typer.Option(min=0.001, help="VOXPOP_WINDOW_IDLE_DAYS.")
    ] = 7.0,
    batch_max: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=4096,
            help=f"VOXPOP_BATCH_MAX; else {BATCH_MOST}, {BATCH_MOST_ON_GPU} on GPUs.",
        ),
    ] = None,
    gpu: Annotated[
        int, typer.Option(min=0, help="GPUs of a node; 0: the model runs on its cores.")
    ] = 0,
    raw_share: Annotated[
        float,
        typer.Option(min=0, max=1, help="Share of posts that come without features, as raw ones."),
    ] = 1.0,
    cores_per_node: Annotated[int, typer.Option(min=1, help="Cores of a node.")] = 16,
    replication: Annotated[int, typer.Option(min=1, help="Copies in Kafka.")] = 3,
    filled: Annotated[
        float, typer.Option(min=0.05, max=0.95, help="How full anything may be.")
    ] = 0.6,
    costs: Annotated[
        Path | None,
        typer.Option(exists=True, dir_okay=False, help="Of `voxpop bench calibrate`; else ours."),
    ] = None,
    json: Annotated[
        Path | None, typer.Option("--json", help="Also write the plan to this file.")
    ] = None,
) -> None:
    """Plan partitions, workers, cores, GPUs, Redis and Kafka for a number of posts a second."""
    from stream_app.capacity.costs import CostsError, read_costs  # noqa: PLC0415 - for `--help`
    from stream_app.capacity.demand import Demand, DemandError  # noqa: PLC0415
    from stream_app.capacity.plan import plan  # noqa: PLC0415
    from stream_app.cli.capacity_view import show  # noqa: PLC0415
    from stream_app.cli.errors import CliError  # noqa: PLC0415
    from stream_app.cli.json_file import require_place, write_json  # noqa: PLC0415
    from stream_app.cli.wide_console import wide_console  # noqa: PLC0415

    require_place(json)
    try:
        file = read_costs() if costs is None else read_costs(costs)
        demand = Demand(
            posts_per_second=posts_per_second,
            tracks=tracks,
            tracks_per_post=tracks_per_post,
            hot_share=hot_share,
            conversation_posts=conversation_posts,
            live_s=60 * live_minutes,
            idle_days=window_idle_days,
            window=window_posts,
            batch_max=batch_max or (BATCH_MOST_ON_GPU if gpu else BATCH_MOST),
            raw_share=raw_share,
            cores_per_node=cores_per_node,
            gpus_per_node=gpu,
            replication=replication,
            filled=filled,
        )
    except DemandError as error:
        raise CliError(str(error), 2) from error
    except CostsError as error:
        raise CliError(str(error)) from error
    made = plan(demand, file)
    show(made, wide_console())
    if json is not None:
        write_json(json, made)
