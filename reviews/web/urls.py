from __future__ import annotations

from django.urls import path

from reviews.web import (
    agents,
    alerts,
    authority,
    decision,
    escalation,
    halts,
    health,
    home,
    lead,
    notices,
    preferences,
    queue,
    sealed,
    search,
    security,
    spot_review,
    standing,
    trace,
    what_if,
)

urlpatterns = [
    path("", home.home, name="home"),
    path("preferences/", preferences.show, name="preferences"),
    path("preferences/choose/", preferences.choose, name="preferences-choose"),
    # /security/
    path("security/", security.show, name="security"),
    path("security/sessions/<int:session>/end/", security.end, name="session-end"),
    path("security/sessions/end-others/", security.end_others, name="sessions-end-others"),
    path("verdicts/", home.verdicts, name="verdicts"),
    path("lead/", lead.show, name="lead"),
    path("search/", search.show, name="search"),
    # /queue/
    path("queue/", queue.show, name="queue"),
    path("queue/next/", escalation.following, name="queue-next"),
    # /escalations/<case>/
    path("escalations/<uuid:case>/", escalation.show, name="escalation"),
    path("escalations/<uuid:case>/clock/", escalation.clock, name="escalation-clock"),
    path("escalations/<uuid:case>/take/", escalation.take_case, name="escalation-take"),
    path("escalations/<uuid:case>/release/", escalation.release_case, name="escalation-release"),
    path("escalations/<uuid:case>/verify/", escalation.verify_again, name="escalation-verify"),
    path("escalations/<uuid:case>/approve/", escalation.approve, name="escalation-approve"),
    path("escalations/<uuid:case>/over-facts/", escalation.over_facts, name="escalation-over-facts"),
    path("escalations/<uuid:case>/approve-over-facts/", escalation.approve_over_facts, name="approve-over-facts"),
    path("escalations/<uuid:case>/reject/", escalation.reject, name="escalation-reject"),
    path("escalations/<uuid:case>/acknowledge/", escalation.acknowledge, name="escalation-acknowledge"),
    path("escalations/<uuid:case>/request-binding/", escalation.ask_for_binding, name="escalation-request-binding"),
    path("escalations/<uuid:case>/verdicts/<int:verdict>/withdraw/", escalation.withdraw, name="verdict-withdraw"),
    # /spot-reviews/
    path("spot-reviews/", spot_review.waiting, name="spot-reviews"),
    path("spot-reviews/next/", spot_review.following, name="spot-review-next"),
    path("spot-reviews/<uuid:draw>/", spot_review.show, name="spot-review"),
    path("spot-reviews/<uuid:draw>/look/", spot_review.look, name="spot-review-look"),
    path("spot-reviews/<uuid:draw>/sound/", spot_review.sound, name="spot-review-sound"),
    path("spot-reviews/<uuid:draw>/unsound/", spot_review.unsound, name="spot-review-unsound"),
    path("decisions/<uuid:action>/", decision.show, name="decision"),
    path("sealed/<uuid:action>/", sealed.show, name="sealed"),
    path("sealed/<uuid:action>/open/", sealed.open_now, name="sealed-open"),
    # /alerts/
    path("alerts/", alerts.show, name="alerts"),
    path("alerts/acknowledge/", alerts.seen, name="alerts-acknowledge"),
    # /notices/
    path("notices/", notices.show, name="notices"),
    path("notices/new/", notices.new, name="notices-new"),
    path("notices/dead/", notices.dead, name="notices-dead"),
    path("notices/send-again/", notices.send_again, name="notices-send-again"),
    path("traces/<str:trace>/", trace.show, name="trace"),
    # /agents/
    path("agents/", agents.listed, name="agents"),
    path("agents/<uuid:agent>/", agents.show, name="agent"),
    path("agents/<uuid:agent>/pull/", standing.pull, name="agent-pull"),
    path("agents/<uuid:agent>/restore/", standing.restore, name="agent-restore"),
    # /halts/<halt>/
    path("halts/", halts.board, name="halts"),
    path("halts/new/", halts.confirm, name="halt-new"),
    path("halts/declare/", halts.declare, name="halt-declare"),
    path("halts/<int:halt>/", halts.show, name="halt"),
    path("halts/<int:halt>/release/", halts.releasing, name="halt-release"),
    path("halts/<int:halt>/lift/", halts.lift, name="halt-lift"),
    path("halts/<int:halt>/end-recovery/", halts.end_recovery, name="halt-end-recovery"),
    path("health/", health.show, name="health"),
    path("authority/", authority.show, name="authority"),
    path("what-if/", what_if.show, name="what-if"),
]
