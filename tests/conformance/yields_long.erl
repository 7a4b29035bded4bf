%% SPDX-License-Identifier: Apache-2.0
-module(yields_long).
%% Long built-in functions: while one runs others run too, its result is right, and it can be ended in the middle.
%% Heavy: long lists.
-export([main/0]).

-define(N, 200000).

main() ->
    Counter = counters:new(1, []),
    spawn_link(fun() -> count(Counter) end),
    [run(Counter, Name, Of, Fun, true) || {Name, Of, Fun} <- calls()],
    [run(Counter, Name, Of, Fun, false) || {Name, Of, Fun} <- quiet()],
    [ended(Name, data(Of), Fun) || {Name, Of, Fun} <- calls(),
                                   lists:member(Name, [subtract, merge, term_to_binary, binary_to_term, phash2, matches])],
    [io:format("~p~n", [try Fun(data(words)) catch C:R -> {C, R} end])
     || Fun <- [fun(Ls) -> list_to_binary([Ls, [a]]) end, fun(Ls) -> list_to_binary([Ls | 1]) end,
                fun(Ls) -> [a] -- [b | Ls ++ c] end, fun(Ls) -> (Ls ++ c) -- [b, c] end,
                fun(Ls) -> E = term_to_binary(Ls), binary_to_term(binary:part(E, 0, byte_size(E) - 1)) end,
                fun(Ls) -> erlang:md5([Ls, a]) end, fun(Ls) -> iolist_size([Ls, Ls | a]) end]],
    ok.

%% What a call is made with.
data(numbers) -> lists:seq(1, ?N);
data(words) -> [integer_to_binary(N) || N <- lists:seq(1, ?N)];
data(text) -> iolist_to_binary(lists:join($,, data(words)));
data(tuples) -> [{N, integer_to_list(N)} || N <- lists:seq(1, ?N)];
data(encoded) -> term_to_binary(data(tuples));
data(map) -> maps:from_keys(data(numbers), a);
data(maps) -> {data(map), maps:from_keys(lists:seq(?N div 2, 3 * ?N div 2), b)}.

calls() ->
    [{subtract, numbers, fun(L) -> L -- lists:seq(1, ?N, 2) end},
     {subtract_none, words, fun(Ls) -> lists:seq(1, ?N) -- [a | Ls] end},
     {merge, maps, fun({M1, M2}) -> maps:merge(M1, M2) end},
     {merge_back, maps, fun({M1, M2}) -> maps:merge(M2, M1) end},
     {term_to_binary, tuples, fun(T) -> term_to_binary(T) end},
     {term_to_iovec, tuples, fun(T) -> iolist_to_binary(term_to_iovec(T)) end},
     {binary_to_term, encoded, fun(E) -> binary_to_term(E) end},
     {binary_to_term_map, map, fun(M) -> binary_to_term(term_to_binary(M)) end},
     {binary_to_term_used, encoded, fun(E) -> binary_to_term(<<E/binary, 0, 0>>, [used]) end},
     {binary_to_term_shifted, encoded, fun(E) -> <<_:3, S/binary>> = <<0:3, E/binary>>, binary_to_term(S) end},
     {phash2, tuples, fun(T) -> erlang:phash2(T) end},
     {phash2_map, map, fun(M) -> erlang:phash2(M) end},
     {phash2_binary, text, fun(B) -> erlang:phash2(binary:copy(B, 8), 1 bsl 32) end},
     {list_to_binary, words, fun(Ls) -> list_to_binary([Ls, [1, 2], [[Ls]]]) end},
     {bytes_to_binary, numbers, fun(L) -> list_to_binary([N band 255 || N <- L]) end},
     {list_to_bitstring, words, fun(Ls) -> list_to_bitstring([<<1:1>>, Ls, <<3:3>>]) end},
     {iolist_size, words, fun(Ls) -> iolist_size([Ls, Ls | <<"end">>]) end},
     {iolist_to_iovec, words, fun(Ls) -> iolist_to_binary(erlang:iolist_to_iovec([Ls, <<0:80000>>, Ls])) end},
     {md5, text, fun(B) -> erlang:md5(binary:copy(B, 8)) end},
     {md5_list, words, fun(Ls) -> erlang:md5([Ls, Ls]) end},
     {crc32, text, fun(B) -> erlang:crc32(binary:copy(B, 20)) end},
     {adler32, text, fun(B) -> erlang:adler32(binary:copy(B, 20)) end},
     {match_none, text, fun(B) -> binary:match(binary:copy(B, 20), <<"nowhere">>) end},
     {match_several, text, fun(B) -> binary:match(binary:copy(B, 8), [<<"nowhere">>, <<"somewhere">>, <<"x">>]) end},
     {matches, text, fun(B) -> binary:matches(B, <<",">>) end},
     {matches_several, text, fun(B) -> binary:matches(B, [<<"99">>, <<"9">>, <<"1,">>]) end},
     {split, text, fun(B) -> binary:split(B, <<",">>, [global]) end},
     {split_trim, text, fun(B) -> binary:split(<<B/binary, ",,,">>, [<<",">>, <<"1">>], [global, trim_all]) end},
     {replace, text, fun(B) -> binary:replace(B, <<",">>, <<"; ">>, [global]) end},
     {characters_to_binary, numbers, fun(L) -> unicode:characters_to_binary([N rem 50000 || N <- L]) end},
     {characters_to_list, text, fun(B) -> unicode:characters_to_list([B, "äöü€"]) end},
     {latin1, text, fun(B) -> unicode:characters_to_binary([B, 228, binary:copy(<<228, "a">>, 900000)], latin1) end}].

%% These don't yield on OTP, or not always.
quiet() ->
    [{external_size, tuples, fun(T) -> erlang:external_size(T) end},
     {incomplete, text, fun(B) -> unicode:characters_to_list(<<B/binary, 226, 130>>) end},
     {bad_utf8, text, fun(B) -> unicode:characters_to_binary([B, <<255, B/binary>>]) end}].

count(Counter) ->
    counters:add(Counter, 1, 1),
    erlang:yield(),
    count(Counter).

%% Each in a process of its own, so that nothing is left of it.
run(Counter, Name, Of, Fun, Yields) ->
    {_, Ref} = spawn_monitor(fun() ->
                                     {Result, Others} = tried(Counter, data(Of), Fun, 50),
                                     io:format("~p: ~p, others ran: ~p~n", [Name, digest(Result), Others orelse not Yields])
                             end),
    receive {'DOWN', Ref, process, _, normal} -> ok end.

%% On a machine that is busy the other process may not get a thread during one call.
tried(Counter, Data, Fun, Tries) ->
    erlang:yield(),
    Before = counters:get(Counter, 1),
    Result = Fun(Data),
    case counters:get(Counter, 1) - Before >= 3 of
        false when Tries > 1 -> tried(Counter, Data, Fun, Tries - 1);
        Others -> {Result, Others}
    end.

digest(N) when is_integer(N) -> N;
digest(A) when is_atom(A) -> A;
digest(T) when is_tuple(T), tuple_size(T) =< 3 -> list_to_tuple([digest(E) || E <- tuple_to_list(T)]);
digest(T) -> {size_of(T), erlang:phash2(T)}.

size_of(T) when is_list(T) -> length(T);
size_of(T) when is_binary(T) -> byte_size(T);
size_of(T) when is_bitstring(T) -> bit_size(T);
size_of(T) -> map_size(T).

%% Ends a process that does nothing but this call.
ended(Name, Data, Fun) ->
    Self = self(),
    {Pid, Ref} = spawn_monitor(fun() -> Self ! go, forever(Data, Fun) end),
    receive go -> ok end,
    erlang:yield(),
    exit(Pid, kill),
    receive {'DOWN', Ref, process, Pid, Why} -> io:format("~p: ~p~n", [Name, Why]) end.

forever(Data, Fun) ->
    Fun(Data),
    forever(Data, Fun).
