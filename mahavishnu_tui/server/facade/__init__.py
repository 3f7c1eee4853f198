"""The LangGraph Agent Server API, so that `langgraph_sdk` can drive this server: see docs/agent-api.md."""
