"""Models, embeddings and the counting of tokens; and money: what the ledger says is what the providers counted."""

import asyncio
import json
import os

import openai

from harness import MODELS, ROOT, Case, each


def user(text):
    """A conversation of one message."""
    return [{"role": "user", "content": text}]


class ModelTests(Case):
    """The list of models, as each client reads it."""

    def test_openais_client_lists_and_finds_models(self):
        models = list(self.openai().models.list())
        names = {model.id for model in models}
        self.assertTrue({"house", "gpt-5.5", "claude-sonnet-4-5", "gemini-2.5-flash"} <= names)
        self.assertTrue(all(model.object == "model" and model.owned_by for model in models))
        self.assertEqual(self.openai().models.retrieve("gpt-5.5").id, "gpt-5.5")

    def test_anthropics_client_lists_and_finds_models(self):
        page = self.anthropic().models.list()
        self.assertTrue({"house", "claude-sonnet-4-5"} <= {model.id for model in page})
        self.assertTrue(all(model.display_name and model.created_at for model in page))
        self.assertEqual(self.anthropic().models.retrieve("claude-sonnet-4-5").id, "claude-sonnet-4-5")

    def test_a_name_of_the_configuration_a_registry_name_and_both_parts_reach_the_same_model(self):
        for name in ("house", "gpt-5.5", "openai/gpt-5.5"):
            self.openai().chat.completions.create(model=name, messages=user("say hello"))
            self.assertEqual(self.last().body["model"], "gpt-5.5")
        call = self.gateway.last_call("house")
        self.assertEqual((call["model"], call["upstream"]), ("gpt-5.5", "openai"))


class EmbeddingTests(Case):
    """Texts as vectors."""

    def test_vectors_come_back(self):
        for encoding in ({}, {"encoding_format": "float"}):
            answer = self.openai().embeddings.create(
                model="openai/text-embedding-3-small", input=["one", "three words here"], **encoding
            )
            self.assertEqual([list(item.embedding) for item in answer.data], [[3.0, 0.5, -0.25], [16.0, 0.5, -0.25]])
            self.assertEqual(answer.usage.prompt_tokens, 4)
        call = self.gateway.last_call("openai/text-embedding-3-small")
        self.assertEqual((call["input_tokens"], call["outcome"]), (4, "answered"))

    def test_a_provider_without_vectors_says_so(self):
        with self.assertRaises(openai.APIStatusError) as raised:
            self.openai().embeddings.create(model=f"anthropic/{MODELS['anthropic']}", input="one")
        self.assertIn(raised.exception.status_code, (400, 404))
        self.assertEqual(self.seen(), [])


class CountTests(Case):
    """Tokens, counted before they are paid for."""

    def test_anthropic_counts(self):
        count = self.anthropic().messages.count_tokens(
            model=f"anthropic/{MODELS['anthropic']}", messages=user("one two three"), system="be brief"
        )
        self.assertEqual(count.input_tokens, 25)

    @each("anthropic")
    def test_what_another_provider_cannot_count_is_estimated(self, kind, model):
        count = self.anthropic().messages.count_tokens(model=model, messages=user("one two three " * 100))
        self.assertTrue(200 <= count.input_tokens <= 600, count.input_tokens)
        self.assertEqual(self.seen(), [])
        self.assertEqual(self.gateway.last_call(model)["cost_microdollars"], 0)


class MoneyTests(Case):
    """Every cent."""

    def price(self, model, kind):
        """The registry's prices of a model where a provider serves it, in dollars a million tokens."""
        with open(os.path.join(ROOT, "Sources/Gateway/Resources/models.json")) as file:
            card = next(card for card in json.load(file)["models"]
                        if model in (card["id"], *card.get("aliases", [])))
        served = [way for way in card["served"] if way["provider"] == kind]
        # The fake Bedrock is in us-east-1, where the American profile answers.
        way = next((way for way in served if way.get("region") == "us"), served[0])
        prices = {**card["prices"], **way.get("prices", {})}
        factor = way.get("price_percent", 100) / 100
        return {name: float(value) * factor for name, value in prices.items() if isinstance(value, str)}

    @each()
    def test_a_call_costs_what_the_registry_says_of_what_the_provider_counted(self, kind, model):
        for text in ("say hello", "say hello cached", "say hello cached and written"):
            raw = self.anthropic().messages.with_raw_response.create(model=model, max_tokens=100, messages=user(text))
            call, usage = self.gateway.call(raw.headers["x-request-id"]), self.last(kind).usage
            prices = self.price(MODELS[kind], kind)
            written = usage["written"] if kind in ("anthropic", "bedrock") else 0
            plain = usage["input"] - usage["cached"] - written
            cost = plain * prices["input"] + usage["output"] * prices["output"]
            cost += usage["cached"] * prices.get("cache_read", prices["input"])
            cost += written * prices.get("cache_write", prices["input"])
            self.assertAlmostEqual(call["cost_microdollars"], cost, delta=0.51, msg=text)
            self.assertEqual(call["input_tokens"], usage["input"])
            self.assertEqual(call["cache_read_tokens"], usage["cached"])
            self.assertEqual(call["output_tokens"], usage["output"])

    def test_many_calls_at_once_add_up(self):
        key, _ = self.gateway.key("many")

        async def one(client, number):
            model = list(MODELS)[number % len(MODELS)]
            ask = {"model": f"{model}/{MODELS[model]}", "messages": user(f"long {number}")}
            if number % 2:
                async for _ in await client.chat.completions.create(stream=True, **ask):
                    pass
            else:
                await client.chat.completions.create(**ask)

        async def all_of_them():
            async with openai.AsyncOpenAI(base_url=self.gateway.base + "/v1", api_key=key, max_retries=0,
                                          timeout=60) as client:
                await asyncio.gather(*[one(client, number) for number in range(120)])

        asyncio.run(all_of_them())
        calls = self.gateway.calls("many")
        self.assertEqual(len(calls), 120)
        self.assertEqual({call["outcome"] for call in calls}, {"answered"})
        for ours, theirs in (("input_tokens", "input"), ("output_tokens", "output")):
            self.assertEqual(sum(call[ours] for call in calls), sum(seen.usage[theirs] for seen in self.seen()))

    def test_calls_name_who_asked_and_what_for(self):
        key, _ = self.gateway.key("named")
        client = self.openai(key, default_headers={"x-cupel-purpose": "test", "x-cupel-run": "run-7"})
        client.chat.completions.create(model="house", messages=user("say hello"))
        call = self.gateway.last_call("house")
        self.assertEqual((call["key_name"], call["team"], call["purpose"], call["run"]),
                         ("named", "testers", "test", "run-7"))
        self.assertEqual((call["dialect"], call["finish"], call["status"]), ("chat.completions", "stop", 200))
