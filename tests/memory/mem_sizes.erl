%% What terms take: erts_debug's three measures and external size, over every kind of object.
-module(mem_sizes).
-export([main/0]).

main() ->
    [point(Name, Term) || {Name, Term} <- terms()],
    shared(),
    io:format("~p~n", [done]).

point(Name, Term) ->
    io:format("~s: flat ~p shared ~p external ~p~n",
              [Name, erts_debug:flat_size(Term), erts_debug:size(Term), erlang:external_size(Term)]).

terms() ->
    N = list_to_integer("5"),
    Big = binary:copy(<<"x">>, 200 + N),
    [{"small", N},
     {"largest small", (1 bsl 59) - 1 + N - 5},
     {"least small", -(1 bsl 59) + N - 5},
     {"first big", (1 bsl 59) + N - 5},
     {"big of one word", (1 bsl 64) - 1 + N - 5},
     {"big of two words", (1 bsl 64) + N - 5},
     {"big of 100 digits", N * binary_to_integer(binary:copy(<<"9">>, 100))},
     {"big of 1000 digits", N * binary_to_integer(binary:copy(<<"9">>, 1000))},
     {"float", 1.5 * N},
     {"atom", ok},
     {"nil", []},
     {"string of ten", lists:duplicate(10, $a + N)},
     {"improper", [N | N]},
     {"empty tuple", list_to_tuple(lists:seq(1, N - 5))},
     {"pair", {N, N}},
     {"tuple of ten", list_to_tuple(lists:seq(1, N + 5))},
     {"nested", {[{N, [N]}], {{N}}}},
     {"empty map", maps:from_list(lists:seq(1, N - 5))},
     {"map of one", #{N => 1}},
     {"map of five", maps:from_list([{I, I} || I <- lists:seq(1, N)])},
     {"map of 32", maps:from_list([{I, I} || I <- lists:seq(1, N + 27)])},
     {"empty binary", binary:part(Big, 0, N - 5)},
     {"binary of one", list_to_binary([N])},
     {"binary of eight", list_to_binary(lists:duplicate(N + 3, 1))},
     {"binary of 64", list_to_binary(lists:duplicate(N + 59, 1))},
     {"binary of 65", list_to_binary(lists:duplicate(N + 60, 1))},
     {"binary of 10000", list_to_binary(lists:duplicate(N + 9995, 1))},
     {"bits of three", <<N:3>>},
     {"bits of 515", <<N:515>>},
     {"sub-binary", binary:part(Big, 1, 100 + N)},
     {"sub-bitstring", begin <<_:3, S:77/bitstring, _/bitstring>> = Big, S end},
     {"local fun without a thing", fun() -> ok end},
     {"local fun of two", begin A = {N}, B = [N], fun() -> {A, B} end end},
     {"external fun", fun lists:map/2},
     {"reference", make_ref()},
     {"pid", self()},
     {"record-like", {state, [], #{N => N}, <<"ab">>, 1.0}}].

%% What is there more than once counts once for size/1, each time for flat_size/1.
shared() ->
    L = lists:seq(1, 100),
    T = {L, L},
    point("list twice", T),
    point("doubled ten times", double(10, L)),
    point("doubled a hundred times over one cell", {double(8, [x]), L}),
    [_ | Tail] = L,
    point("list and its tail", {L, Tail}),
    M = maps:from_list([{I, L} || I <- lists:seq(1, 10)]),
    point("map of one list", M),
    B = binary:copy(<<"y">>, 1000),
    point("binary twice", {B, B}),
    point("parts of a binary", [binary:part(B, I, 100) || I <- [0, 100, 200]]),
    F = fun() -> {L, T} end,
    point("fun over sharing", F),
    io:format("shared size ~p ~p ~p~n",
              [erts_debug:size_shared(T), erts_debug:size_shared({T, T}), erts_debug:size_shared(literal())]),
    point("literal", literal()).

double(0, T) -> T;
double(N, T) -> double(N - 1, [T | T]).

literal() -> {a, [b, c, "text"], #{k => v}, <<"bytes">>, 1.0e10, 123456789012345678901234567890}.
