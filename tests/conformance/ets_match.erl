%% ETS match, match_object, select and its relatives, match specifications.
-module(ets_match).
-include_lib("stdlib/include/ms_transform.hrl").
-export([main/0]).

main() ->
    T = ets:new(o, [ordered_set]),
    [ets:insert(T, {I, I rem 3, {p, I * I}}) || I <- lists:seq(1, 12)],
    io:format("~w~n", [ets:match(T, {'$1', 0, '_'})]),
    io:format("~w~n", [ets:match(T, {'$2', 1, {p, '$1'}})]),
    io:format("~w~n", [ets:match_object(T, {'_', 2, '_'})]),
    io:format("~w~n", [ets:match(T, {5, '_', '$1'})]),
    io:format("~w~n", [ets:match(T, {'$1', '$1', '_'})]),
    io:format("~w~n", [ets:select(T, [{{'$1', '_', '_'}, [{'>', '$1', 9}], ['$1']}])]),
    io:format("~w~n", [ets:select(T, [{{'$1', '$2', '_'}, [{'=:=', {'rem', '$1', 2}, 0}, {'<', '$2', 2}], [{{'$1', {'+', '$1', '$2'}}}]}])]),
    io:format("~w~n", [ets:select(T, [{{'$1', '_', '_'}, [{'<', '$1', 3}], ['$_']}])]),
    io:format("~w~n", [ets:select(T, [{{'$1', '$2', '_'}, [{'<', '$1', 3}], ['$$']}])]),
    io:format("~w~n", [ets:select(T, [{{1, '_', '_'}, [], [one]}, {{'$1', 2, '_'}, [], [{{two, '$1'}}]}])]),
    io:format("~w~n", [ets:select(T, ets:fun2ms(fun({K, R, {p, S}}) when R =:= 1 andalso S > 20 -> {K, S} end))]),
    io:format("~w~n", [ets:select(T, ets:fun2ms(fun({K, _, _} = X) when K > 11 orelse K =:= 1 -> X end))]),
    io:format("~w~n", [ets:select_count(T, [{{'_', 0, '_'}, [], [true]}])]),
    {L, C} = ets:select(T, [{{'$1', '_', '_'}, [], ['$1']}], 5),
    {L2, C2} = ets:select(C),
    {L3, C3} = ets:select(C2),
    io:format("~w ~w ~w ~w~n", [L, L2, L3, C3]),
    io:format("~w~n", [ets:select_reverse(T, [{{'$1', 1, '_'}, [], ['$1']}])]),
    io:format("~w~n", [ets:select_delete(T, [{{'$1', 2, '_'}, [{'>', '$1', 5}], [true]}])]),
    io:format("~w~n", [ets:select_replace(T, [{{'$1', 0, '$2'}, [], [{{'$1', zero, '$2'}}]}])]),
    io:format("~w~n", [ets:tab2list(T)]),
    io:format("~w ~w~n", [ets:match_delete(T, {'_', zero, '_'}), ets:info(T, size)]),
    io:format("~w~n", [ets:test_ms({1, 2}, [{{'$1', '$2'}, [{is_integer, '$1'}], [{{'$2', '$1'}}]}])]),
    io:format("~w~n", [ets:match_spec_run([{1, a}, {2, b}], ets:match_spec_compile([{{'$1', '$2'}, [{'>', '$1', 1}], ['$2']}]))]),
    io:format("~w~n", [try ets:select(T, [{bad}]) catch K:R -> {K, R} end]),
    io:format("~w~n", [try ets:select(T, [{{'$1'}, [{nofun, 1}], ['$1']}]) catch K2:R2 -> {K2, R2} end]),
    S = ets:new(s, []),
    [ets:insert(S, {{k, I}, #{v => I}, [I]}) || I <- lists:seq(1, 50)],
    io:format("~w~n", [lists:sort(ets:select(S, [{{{k, '$1'}, '_', ['$2']}, [{'>', '$2', 45}], ['$1']}]))]),
    io:format("~w~n", [lists:sort(ets:match(S, {{k, '$1'}, #{v => 7}, '_'}))]),
    ok.
