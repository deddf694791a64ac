"""A web server for tests that ends at once."""

import asyncio

import uvicorn


class PromptServer(uvicorn.Server):
    """Ends when it is told to, without waiting for its own next look at the clock."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._ended = asyncio.Event()

    async def main_loop(self) -> None:
        await self.on_tick(0)
        await self._ended.wait()

    def end(self) -> None:
        self.should_exit = True
        self.force_exit = True
        self._ended.set()
