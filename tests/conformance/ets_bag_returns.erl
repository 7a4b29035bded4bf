%% SPDX-License-Identifier: Apache-2.0
-module(ets_bag_returns).
-export([main/0]).
%% An object that is deleted from a fixed bag and inserted again is the last one of its key, wherever it stood before.

main() ->
    [io:format("~p ~p: ~p~n", [Type, Fixed, lists:usort([run(Type, Fixed, D, I) || D <- Orders, I <- Orders])])
     || Orders <- [[[1, 2, 3], [3, 2, 1], [2, 3, 1], [2], [1, 3]]], Type <- [bag, duplicate_bag], Fixed <- [true, false]],
    keys().

%% Keys of maps in patterns are no place for variables.
keys() ->
    T = ets:new(t, [set]),
    ets:insert(T, {#{a => 1, '$1' => 2}, x}),
    Big = maps:from_list([{list_to_atom([$$ | integer_to_list(I)]), '_'} || I <- lists:seq(1, 50)]),
    [io:format("~p~n", [try F() catch error:E -> E end])
     || F <- [fun() -> ets:match_object(T, {#{a => '_'}, '_'}) =/= [] end, fun() -> ets:match_object(T, {#{'$1' => '_'}, x}) end,
              fun() -> ets:match(T, {Big, x}) end, fun() -> ets:match_delete(T, {#{'$2' => 1}, x}) end,
              fun() -> ets:select(T, [{{#{'$1' => '_'}, '_'}, [], ['$_']}]) end,
              fun() -> ets:match_object(T, {#{{'$1'} => '_'}, '_'}) end, fun() -> ets:match_object(T, {#{'_' => '_'}, '_'}) end]].

run(Type, Fixed, Deleted, Inserted) ->
    T = ets:new(t, [Type]),
    Fixed andalso ets:safe_fixtable(T, true),
    ets:insert(T, [{k, V} || V <- [1, 2, 3]]),
    [ets:delete_object(T, {k, V}) || V <- Deleted],
    [ets:insert(T, {k, V}) || V <- Inserted],
    Found = {ets:lookup(T, k), ets:info(T, size)},
    Fixed andalso ets:safe_fixtable(T, false),
    Found = {ets:lookup(T, k), ets:info(T, size)},
    ets:delete(T),
    {Deleted, Inserted, [V || {k, V} <- element(1, Found)]}.
