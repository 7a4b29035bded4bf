-module(test_plain_agent).
-moduledoc "An agent without the optional callbacks.".
-behaviour(mochi_agent).
-export([construct/1, intent/3]).

construct(S) -> S.
intent(get, [], S) -> {S, S};
intent(set, [V], _) -> {nil, V}.
