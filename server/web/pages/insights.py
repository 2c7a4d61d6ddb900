"""Reading statistics: charts, with their numbers as tables."""

from datetime import UTC, datetime

from litestar import Response
from litestar.params import FromQuery

from nlp.spans import LABELS, Label
from server.days import today
from server.reading_list.statistics import count_ages, count_topics, count_weeks
from server.web.pages.chart import columns
from server.web.pages.layout import PageRequest, render


async def get_insights(request: PageRequest, label: FromQuery[Label] = "METHOD") -> Response[str]:
    """Show reading by week, the age of the inbox, and topics by month."""
    user, now = request.user.user, datetime.now(UTC)
    return render(
        request,
        "insights.html",
        weeks=await count_weeks(user, today()),
        ages=await count_ages(user, now),
        found=await count_topics(user, label, today()),
        label=label,
        labels=LABELS,
        draw=columns,
        zip=zip,
    )
