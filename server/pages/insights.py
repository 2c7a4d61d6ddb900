"""What the list tells of its reader: charts, with their numbers as tables."""

from datetime import UTC, datetime

from litestar import Response
from litestar.params import FromQuery

from nlp.spans import LABELS, Label
from server.insights import count_ages, count_topics, count_weeks
from server.pages.chart import columns
from server.pages.shell import Reading, render


async def get_insights(request: Reading, label: FromQuery[Label] = "METHOD") -> Response[str]:
    """Show reading by week, the age of the inbox, and what was read about by month."""
    reader, now = request.user.user, datetime.now(UTC)
    return render(
        request,
        "insights.html",
        weeks=await count_weeks(reader, now.date()),
        ages=await count_ages(reader, now),
        found=await count_topics(reader, label, now.date()),
        label=label,
        labels=LABELS,
        draw=columns,
        zip=zip,
    )
