-module(mochi_yaml).
-moduledoc """
The part of YAML that data files use: block and flow sequences and mappings, plain and quoted scalars, comments, `---`. No anchors, tags or
multi-line scalars: these are refused.
""".

-export([decode/1, encode/1]).

-doc "A document as a value.".
-spec decode(binary()) -> term().
decode(Text) ->
    Lines = [{indent(L), trim(L)} || L0 <- binary:split(Text, [<<"\n">>, <<"\r\n">>], [global]),
                                     L <- [uncomment(L0)], trim(L) =/= <<>>, trim(L) =/= <<"---">>, trim(L) =/= <<"...">>],
    case Lines of
        [] -> nil;
        [{N, _} | _] ->
            case block(Lines, N) of
                {V, []} -> V;
                {_, [{_, L} | _]} -> bad(L)
            end
    end.

-spec bad(binary()) -> no_return().
bad(Line) -> mochi_core:fail([<<"yaml: cannot read: ">>, Line]).

trim(L) -> string:trim(L).

indent(<<$\s, Rest/binary>>) -> 1 + indent(Rest);
indent(_) -> 0.

%% Without a comment: `#` at the start or after a blank, outside of quotes.
uncomment(L) -> uncomment(L, $\s, none, <<>>).

uncomment(<<>>, _, _, Acc) -> Acc;
uncomment(<<$#, _/binary>>, Before, none, Acc) when Before =:= $\s; Before =:= $\t -> Acc;
uncomment(<<$\\, C, Rest/binary>>, _, $", Acc) -> uncomment(Rest, C, $", <<Acc/binary, $\\, C>>);
uncomment(<<Q, Rest/binary>>, _, Q, Acc) -> uncomment(Rest, Q, none, <<Acc/binary, Q>>);
uncomment(<<Q, Rest/binary>>, B, none, Acc) when (Q =:= $" orelse Q =:= $'), (B =:= $\s orelse B =:= $[ orelse B =:= ${ orelse B =:= $,) ->
    uncomment(Rest, Q, Q, <<Acc/binary, Q>>);
uncomment(<<C, Rest/binary>>, _, Q, Acc) -> uncomment(Rest, C, Q, <<Acc/binary, C>>).

%% What stands at column N.
block([{N, <<"- ", _/binary>>} | _] = Lines, N) -> sequence(Lines, N, []);
block([{N, <<"-">>} | _] = Lines, N) -> sequence(Lines, N, []);
block([{N, Line} | Rest] = Lines, N) ->
    case split_key(Line) of
        none -> {scalar(Line), Rest};
        _ -> mapping(Lines, N, [])
    end.

sequence([{N, <<"-">>}, {M, _} = Next | Rest], N, Acc) when M > N ->
    {V, Rest1} = block([Next | Rest], M),
    sequence(Rest1, N, [V | Acc]);
sequence([{N, <<"-">>} | Rest], N, Acc) -> sequence(Rest, N, [nil | Acc]);
sequence([{N, <<"- ", Item/binary>>} | Rest], N, Acc) ->
    Column = N + 2 + indent(Item),
    {V, Rest1} = block([{Column, trim(Item)} | Rest], Column),
    sequence(Rest1, N, [V | Acc]);
sequence([{M, L} | _], N, _) when M > N -> bad(L);
sequence(Rest, _, Acc) -> {mochi_list:from_reversed(Acc), Rest}.

mapping([{N, Line} | Rest], N, Acc) ->
    case split_key(Line) of
        none -> bad(Line);
        {Key, <<>>} ->
            case Rest of
                [{M, _} | _] when M > N -> nested(Key, Rest, M, N, Acc);
                [{N, <<"- ", _/binary>>} | _] -> nested(Key, Rest, N, N, Acc);
                _ -> mapping(Rest, N, [{Key, nil} | Acc])
            end;
        {Key, Text} -> mapping(Rest, N, [{Key, scalar(Text)} | Acc])
    end;
mapping([{M, L} | _], N, _) when M > N -> bad(L);
mapping(Rest, _, Acc) -> {mochi_map:from_pairs(lists:reverse(Acc)), Rest}.

nested(Key, Lines, M, N, Acc) ->
    {V, Rest} = case Lines of
                    [{M, <<"-", _/binary>>} | _] -> sequence(Lines, M, []);
                    _ -> block(Lines, M)
                end,
    mapping(Rest, N, [{Key, V} | Acc]).

%% `key: rest`
split_key(<<Q, _/binary>> = Line) when Q =:= $"; Q =:= $' ->
    case quoted_text(Line) of
        {Key, <<":">>} -> {Key, <<>>};
        {Key, <<": ", Rest/binary>>} -> {Key, trim(Rest)};
        _ -> none
    end;
split_key(<<C, _/binary>>) when C =:= $[; C =:= ${ -> none;
split_key(Line) ->
    case binary:split(Line, <<": ">>) of
        [K, Rest] -> {K, trim(Rest)};
        [K] when K =/= <<>> ->
            case binary:last(K) of
                $: -> {binary:part(K, 0, byte_size(K) - 1), <<>>};
                _ -> none
            end;
        _ -> none
    end.

scalar(<<C, _/binary>> = Text) when C =:= $[; C =:= ${ ->
    case flow(Text) of
        {V, Rest} ->
            case trim(Rest) of
                <<>> -> V;
                _ -> bad(Text)
            end
    end;
scalar(<<Q, _/binary>> = Text) when Q =:= $"; Q =:= $' ->
    case quoted_text(Text) of
        {V, <<>>} -> V;
        _ -> bad(Text)
    end;
scalar(<<C, _/binary>> = Text) when C =:= $&; C =:= $*; C =:= $!; C =:= $|; C =:= $> -> bad(Text);
scalar(Text) -> plain(Text).

plain(T) when T =:= <<"null">>; T =:= <<"~">>; T =:= <<>>; T =:= <<"Null">>; T =:= <<"NULL">> -> nil;
plain(T) when T =:= <<"true">>; T =:= <<"True">>; T =:= <<"TRUE">> -> true;
plain(T) when T =:= <<"false">>; T =:= <<"False">>; T =:= <<"FALSE">> -> false;
plain(T) ->
    try binary_to_integer(T)
    catch error:badarg ->
            try binary_to_float(T) catch error:badarg -> T end
    end.

quoted_text(<<$', Rest/binary>>) -> single(Rest, <<>>);
quoted_text(<<$", Rest/binary>>) -> double(Rest, <<>>).

single(<<$', $', Rest/binary>>, Acc) -> single(Rest, <<Acc/binary, $'>>);
single(<<$', Rest/binary>>, Acc) -> {Acc, Rest};
single(<<C, Rest/binary>>, Acc) -> single(Rest, <<Acc/binary, C>>);
single(<<>>, Acc) -> bad(Acc).

double(<<$\\, $n, Rest/binary>>, Acc) -> double(Rest, <<Acc/binary, $\n>>);
double(<<$\\, $t, Rest/binary>>, Acc) -> double(Rest, <<Acc/binary, $\t>>);
double(<<$\\, C, Rest/binary>>, Acc) -> double(Rest, <<Acc/binary, C>>);
double(<<$", Rest/binary>>, Acc) -> {Acc, Rest};
double(<<C, Rest/binary>>, Acc) -> double(Rest, <<Acc/binary, C>>);
double(<<>>, Acc) -> bad(Acc).

%% Flow style.
flow(<<$\s, Rest/binary>>) -> flow(Rest);
flow(<<$[, Rest/binary>>) -> flow_list(string:trim(Rest, leading), []);
flow(<<${, Rest/binary>>) -> flow_map(string:trim(Rest, leading), []);
flow(<<Q, _/binary>> = T) when Q =:= $"; Q =:= $' -> quoted_text(T);
flow(T) ->
    End = case binary:match(T, [<<",">>, <<"]">>, <<"}">>]) of
              {At, _} -> At;
              nomatch -> byte_size(T)
          end,
    <<Word:End/binary, Rest/binary>> = T,
    {plain(trim(Word)), Rest}.

flow_list(<<$], Rest/binary>>, Acc) -> {mochi_list:from_reversed(Acc), Rest};
flow_list(T, Acc) ->
    {V, Rest} = flow(T),
    case string:trim(Rest, leading) of
        <<$,, More/binary>> -> flow_list(string:trim(More, leading), [V | Acc]);
        <<$], More/binary>> -> {mochi_list:from_reversed([V | Acc]), More};
        _ -> bad(T)
    end.

flow_map(<<$}, Rest/binary>>, Acc) -> {mochi_map:from_pairs(lists:reverse(Acc)), Rest};
flow_map(T, Acc) ->
    {Key, Rest} = case T of
                      <<Q, _/binary>> when Q =:= $"; Q =:= $' -> quoted_text(T);
                      _ ->
                          case binary:split(T, <<":">>) of
                              [K, R] -> {trim(K), <<$:, R/binary>>};
                              _ -> bad(T)
                          end
                  end,
    case string:trim(Rest, leading) of
        <<$:, After/binary>> ->
            {V, Rest1} = flow(string:trim(After, leading)),
            case string:trim(Rest1, leading) of
                <<$,, More/binary>> -> flow_map(string:trim(More, leading), [{Key, V} | Acc]);
                <<$}, More/binary>> -> {mochi_map:from_pairs(lists:reverse([{Key, V} | Acc])), More};
                _ -> bad(T)
            end;
        _ -> bad(T)
    end.

-doc "Rows, given as entries by name, as a sequence of mappings; one row is a mapping.".
-spec encode([[{binary(), term()}]]) -> iodata().
encode([]) -> <<"[]\n">>;
encode([Row]) -> map_lines(Row, <<>>);
encode(Rows) -> [item(R, <<>>) || R <- Rows].

item([], _) -> <<"- {}\n">>;
item(Row, In) ->
    [<<_:2/binary, First/binary>> | Rest] = [iolist_to_binary(L) || L <- lines(Row, <<In/binary, "  ">>)],
    [In, <<"- ">>, binary:part(First, byte_size(In), byte_size(First) - byte_size(In)) | Rest].

lines(Row, In) -> [entry(K, V, In) || {K, V} <- Row].

map_lines(Row, In) -> lines(Row, In).

entry(K, V0, In) ->
    case mochi_cell:plain(V0) of
        {'$v', 0, _, _, _} -> [In, key(K), <<": []\n">>];
        {'$v', _, _, _, _} = L -> [In, key(K), <<":\n">> | [element_lines(E, <<In/binary, "  ">>) || E <- mochi_list:to_list(L)]];
        V when is_map(V), map_size(V) =:= 0 -> [In, key(K), <<": {}\n">>];
        V when is_map(V); is_tuple(V), tuple_size(V) >= 2, tuple_size(element(2, V)) =:= 4 ->
            [In, key(K), <<":\n">> | lines(mochi_ref:entries(V, <<>>), <<In/binary, "  ">>)];
        V -> [In, key(K), <<": ">>, text(V), $\n]
    end.

element_lines(E, In) ->
    case mochi_cell:plain(E) of
        V when is_map(V), map_size(V) > 0 -> item(mochi_map:sorted(V), In);
        V -> [In, <<"- ">>, text(V), $\n]
    end.

key(K) -> text(K).

text(nil) -> <<"null">>;
text(V) when is_binary(V) ->
    Safe = V =/= <<>> andalso plain(V) =:= V andalso binary:match(V, [<<": ">>, <<" #">>, <<"\n">>, <<"\"">>]) =:= nomatch
        andalso not lists:member(binary:first(V), " -?:,[]{}#&*!|>'\"%@`") andalso not lists:member(binary:last(V), ": "),
    case Safe of
        true -> V;
        false -> mochi_fmt:quote(V)
    end;
text(V) when is_integer(V); is_float(V); is_boolean(V) -> mochi_core:str(V);
text(V) -> mochi_json:to_json(V).
