-module(mochi_json).
-moduledoc "`json(v)` (indented, to standard output) and `to_json(v)` (compact text).".

-export([print/1, to_json/1]).

-doc "Prints indented JSON; an infinity or NaN anywhere prints an empty line.".
-spec print(term()) -> nil.
print(V) ->
    Text = try pretty(V, 0, []) catch throw:not_json -> <<>> end,
    io:put_chars([Text, $\n]),
    nil.

-doc "Compact JSON.".
-spec to_json(term()) -> binary().
to_json(V) ->
    try iolist_to_binary(compact(V, []))
    catch throw:not_json -> mochi_core:fail(<<"to_json: not a number">>)
    end.

pretty(V, Depth, Path) ->
    case shape(V, Path) of
        {text, T} -> T;
        {list, [], _} -> <<"[]">>;
        {list, Es, P} -> block($[, $], [pretty(E, Depth + 1, P) || E <- Es], Depth);
        {map, [], _} -> <<"{}">>;
        {map, KVs, P} -> block(${, $}, [[string(K), <<": ">>, pretty(E, Depth + 1, P)] || {K, E} <- KVs], Depth)
    end.

block(Open, Close, Items, Depth) ->
    Inner = [$\n | lists:duplicate(2 * (Depth + 1), $\s)],
    [Open, Inner, lists:join([$, | Inner], Items), $\n, lists:duplicate(2 * Depth, $\s), Close].

compact(V, Path) ->
    case shape(V, Path) of
        {text, T} -> T;
        {list, Es, P} -> [$[, lists:join($,, [compact(E, P) || E <- Es]), $]];
        {map, KVs, P} -> [${, lists:join($,, [[string(K), $:, compact(E, P)] || {K, E} <- KVs]), $}]
    end.

shape(V, _) when is_integer(V) -> {text, integer_to_binary(V)};
shape(V, _) when is_float(V) -> {text, mochi_fmt:json_float(V)};
shape(V, _) when is_binary(V) -> {text, string(V)};
shape(nil, _) -> {text, <<"null">>};
shape(V, _) when is_boolean(V) -> {text, atom_to_binary(V)};
shape(V, _) when V =:= inf; V =:= neg_inf; V =:= nan -> throw(not_json);
shape({'$cell', _, _} = C, Path) ->
    case lists:member(C, Path) of
        true -> {text, <<"null">>};
        false -> shape(mochi_cell:get(C), [C | Path])
    end;
shape({'$v', _, _, _, _} = L, Path) -> {list, mochi_list:to_list(L), Path};
shape({'$q', N, D}, _) -> {text, [$", integer_to_binary(N), $/, integer_to_binary(D), $"]};
shape({'$group', Key, Items}, Path) ->
    {map, [{<<"__group__">>, true}, {<<"count">>, mochi_list:size(Items)}, {<<"items">>, Items}, {<<"key">>, Key}], Path};
shape(M, Path) when is_map(M) -> {map, mochi_map:sorted(M), Path};
shape(S, Path) when is_tuple(S), tuple_size(S) >= 2, tuple_size(element(2, S)) =:= 4 ->
    {map, mochi_ref:entries(S, <<>>), Path};
shape(_, _) -> {text, <<"null">>}.

string(S) -> [$", << <<(char(C))/binary>> || <<C/utf8>> <= S >>, $"].

char($") -> <<"\\\"">>;
char($\\) -> <<"\\\\">>;
char($\n) -> <<"\\n">>;
char($\r) -> <<"\\r">>;
char($\t) -> <<"\\t">>;
char(8) -> <<"\\b">>;
char(12) -> <<"\\f">>;
char(C) when C < 32; C =:= $<; C =:= $>; C =:= $&; C =:= 16#2028; C =:= 16#2029 ->
    iolist_to_binary(io_lib:format("\\u~4.16.0b", [C]));
char(C) -> <<C/utf8>>.
