-module(test_wait).
-moduledoc "Waits until something holds; fails when it does not come to hold.".
-export([until/1, quiet/1, drain/0]).

until(F) -> until(F, 500).

until(F, 0) -> error({never, F});
until(F, N) ->
    case F() of
        true -> true;
        _ -> timer:sleep(10), until(F, N - 1)
    end.

%% Crashes that a test wants need no reports.
quiet(F) ->
    #{level := Level} = logger:get_primary_config(),
    ok = logger:set_primary_config(level, none),
    try F() after logger:set_primary_config(level, Level) end.

%% EUnit runs the tests of a module in one process, and what one left must not count for the next.
drain() -> receive _ -> drain() after 0 -> ok end.
