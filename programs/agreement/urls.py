from django.urls import path

from programs.agreement import views_client, views_consents, views_draft, views_life

urlpatterns = [
    path("new/", views_draft.program_new, name="program_new"),
    path("new/from/<uuid:pk>/", views_draft.propose, name="propose"),
    path("new/after/<uuid:pk>/", views_draft.propose_after, name="propose_after"),
    path("<uuid:pk>/draft/", views_draft.draft, name="draft"),
    path("<uuid:pk>/draft/terms/", views_draft.draft_terms, name="draft_terms"),
    path("<uuid:pk>/draft/sessions/", views_draft.draft_outline, name="draft_outline"),
    path("<uuid:pk>/draft/drop/", views_draft.draft_drop, name="draft_drop"),
    path("<uuid:pk>/preview/", views_draft.proposal_preview, name="proposal_preview"),
    path("<uuid:pk>/questions/", views_draft.plan_questions, name="plan_questions"),
    path("<uuid:pk>/take-back/", views_draft.plan_withdraw, name="plan_withdraw"),
    path("<uuid:pk>/steps/", views_life.program_steps, name="program_steps"),
    path("<uuid:pk>/pause/", views_life.program_pause, name="program_pause"),
    path("<uuid:pk>/rest-longer/", views_life.program_rest, name="program_rest"),
    path("<uuid:pk>/resume/", views_life.program_resume, name="program_resume"),
    path("<uuid:pk>/extend/", views_life.program_extend, name="program_extend"),
    path("<uuid:pk>/method/", views_life.program_method, name="program_method"),
    path("<uuid:pk>/handover/", views_life.program_handover, name="program_handover"),
    path("<uuid:pk>/handover/take-back/", views_life.handover_withdraw, name="handover_withdraw"),
    path("<uuid:pk>/handover/sessions/", views_life.handover_sessions, name="handover_sessions"),
    path("<uuid:pk>/close/", views_life.program_close, name="program_close"),
    path("<uuid:pk>/proposal/", views_client.proposal, name="proposal"),
    path("<uuid:pk>/proposal/decline/", views_client.proposal_decline, name="proposal_decline"),
    path("<uuid:pk>/proposal/sign/", views_client.proposal_sign, name="proposal_sign"),
    path("<uuid:pk>/agreement/", views_client.agreement, name="agreement"),
    path("<uuid:pk>/consents/", views_consents.consents, name="consents"),
    path("<uuid:pk>/consents/<slug:purpose>/", views_consents.consent_change, name="consent_change"),
    path("<uuid:pk>/rest/", views_client.pause_answer, name="pause_answer"),
    path("asked/<uuid:pk>/", views_client.handover_answer, name="handover_answer"),
]
