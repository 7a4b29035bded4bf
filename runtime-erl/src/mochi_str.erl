-module(mochi_str).
-moduledoc """
Mochi strings: UTF-8 binaries, counted in code points. Texts of ASCII bytes only take the short way.
""".

-export([len/1, at/2, sub/3, reverse/1, upper/1, lower/1, trim/1, split/2, join/2, index_of/2, repeat/2]).
-export([starts_with/2, pad_start/3, parse_int/1, parse_int/2, sha256/1, copy/1, own/1]).
-export([len_any/1, sub_any/3, slice/3, to_lower/1, to_upper/1]).

%% From this size in bytes on it pays to remember what a string is made of.
-define(LONG, 64).

-doc "Number of code points.".
-spec len(binary()) -> non_neg_integer().
len(S) -> len_any(S).

-doc "The same, every case of it: our VM does short strings itself, in `sub/3` too.".
-spec len_any(binary()) -> non_neg_integer().
len_any(S) when byte_size(S) < ?LONG -> len(S, 0);
len_any(S) ->
    {Len, _} = about(S),
    Len.

len(<<X:56, Rest/binary>>, N) when X band 16#80808080808080 =:= 0 -> len(Rest, N + 7);
len(<<C, Rest/binary>>, N) when C band 16#C0 =:= 16#80 -> len(Rest, N);
len(<<_, Rest/binary>>, N) -> len(Rest, N + 1);
len(<<>>, N) -> N.

-doc "The code point at an index (from the end when negative) as a string.".
-spec at(binary(), integer()) -> binary().
at(S, I) when byte_size(S) >= ?LONG ->
    {Len, How} = about(S),
    At = if
             I < 0 -> Len + I;
             true -> I
         end,
    if
        At < 0; At >= Len -> out_of_range(S, I);
        How =:= ascii -> binary:part(S, At, 1);
        true -> <<(char_at(How, At))/utf8>>
    end;
at(S, I) when I >= 0 ->
    case offset(S, I, 0) of
        At when At < byte_size(S) ->
            Rest = binary:part(S, At, byte_size(S) - At),
            binary:part(S, At, offset(Rest, 1, 0));
        _ -> out_of_range(S, I)
    end;
at(S, I) ->
    case len(S) + I of
        J when J >= 0 -> at(S, J);
        _ -> out_of_range(S, I)
    end.

-spec out_of_range(binary(), integer()) -> no_return().
out_of_range(S, I) ->
    mochi_core:fail([<<"string index out of range: ">>, integer_to_binary(I), <<" (len ">>,
                     integer_to_binary(len(S)), $)]).

%% Byte offset of a code point; the size when there are fewer.
offset(_, 0, At) -> At;
offset(S, N, At) ->
    case S of
        <<_:At/binary, C, _/binary>> when C < 128 -> offset(S, N - 1, At + 1);
        <<_:At/binary, C, _/binary>> when C >= 16#F0 -> offset(S, N - 1, At + 4);
        <<_:At/binary, C, _/binary>> when C >= 16#E0 -> offset(S, N - 1, At + 3);
        <<_:At/binary, C, _/binary>> when C >= 16#C0 -> offset(S, N - 1, At + 2);
        <<_:At/binary, _, _/binary>> -> offset(S, N - 1, At + 1);
        _ -> byte_size(S)
    end.

-doc "Code points `A` to before `B`, both in range.".
-spec sub(binary(), non_neg_integer(), non_neg_integer()) -> binary().
sub(S, A, B) -> sub_any(S, A, B).

-doc "The same, every case of it.".
-spec sub_any(binary(), non_neg_integer(), non_neg_integer()) -> binary().
sub_any(_, A, B) when A >= B -> <<>>;
sub_any(S, A, B) when byte_size(S) >= ?LONG ->
    {Len, How} = about(S),
    From = min(A, Len),
    To = min(B, Len),
    case How of
        ascii -> binary:part(S, From, To - From);
        _ -> << <<C/utf8>> || <<C:32>> <= binary:part(How, 4 * From, 4 * (To - From)) >>
    end;
sub_any(S, A, B) ->
    From = min(offset(S, A, 0), byte_size(S)),
    Rest = binary:part(S, From, byte_size(S) - From),
    binary:part(Rest, 0, min(offset(Rest, B - A, 0), byte_size(Rest))).

%% What is known of a long string: its length, and either `ascii` or its code points as 32-bit numbers. Programs go through a string by index, so
%% the last few are remembered in the process; finding one again costs no comparison of bytes, for it is the same term.
about(S) ->
    Known = case erlang:get('$strings') of
                undefined -> [];
                L -> L
            end,
    case known(Known, S, byte_size(S)) of
        none ->
            Len = len(S, 0),
            How = if
                      Len =:= byte_size(S) -> ascii;
                      true -> << <<C:32>> || <<C/utf8>> <= S >>
                  end,
            erlang:put('$strings', [{S, byte_size(S), {Len, How}} | lists:sublist(Known, 3)]),
            {Len, How};
        Found -> Found
    end.

known([{T, Size, About} | _], S, Size) when T =:= S -> About;
known([_ | Rest], S, Size) -> known(Rest, S, Size);
known([], _, _) -> none.

char_at(Points, I) ->
    <<C:32>> = binary:part(Points, 4 * I, 4),
    C.

-doc "Code points in reverse.".
-spec reverse(binary()) -> binary().
reverse(S) -> << <<C/utf8>> || C <- lists:reverse(chars(S)) >>.

chars(S) -> [C || <<C/utf8>> <= S].

-doc "Upper case, character by character.".
-spec upper(term()) -> binary().
upper(S) when is_binary(S) -> << <<(one(string:uppercase([C]), C))/utf8>> || <<C/utf8>> <= S >>;
upper(nil) -> nil;
upper(_) -> mochi_core:fail(<<"upper expects string">>).

-doc "Lower case; what is not a string is made one.".
-spec lower(term()) -> binary().
lower(S) when is_binary(S) -> << <<(one(string:lowercase([C]), C))/utf8>> || <<C/utf8>> <= S >>;
lower(V) -> lower(mochi_core:str(V)).

%% Simple mappings only: one character for one.
one([X], _) -> X;
one(_, C) -> C.

-doc "Without white space at both ends.".
-spec trim(term()) -> binary().
trim(S) when is_binary(S) -> string:trim(S);
trim(V) -> trim(mochi_core:str(V)).

-doc "Parts between separators; an empty separator gives the characters.".
-spec split(term(), term()) -> mochi_list:vec().
split(S, <<>>) when is_binary(S) -> mochi_list:from_list([<<C/utf8>> || <<C/utf8>> <= S]);
split(S, Sep) when is_binary(S), is_binary(Sep) -> mochi_list:from_list(binary:split(S, Sep, [global]));
split(nil, _) -> mochi_list:new();
split(_, _) -> mochi_core:fail(<<"split expects (string, string)">>).

-doc "Elements as texts with a separator between them.".
-spec join(term(), term()) -> binary().
join(L, Sep) when is_binary(Sep) ->
    iolist_to_binary(lists:join(Sep, [mochi_core:str(E) || E <- mochi_ref:iter(L)]));
join(_, _) -> mochi_core:fail(<<"join expects (list, string)">>).

-doc "Code point index of the first occurrence, or -1. Also on lists.".
-spec index_of(term(), term()) -> integer().
index_of(S, X) when is_binary(S), is_binary(X) ->
    case X of
        <<>> -> 0;
        _ ->
            case binary:match(S, X) of
                {At, _} -> len(binary:part(S, 0, At));
                nomatch -> -1
            end
    end;
index_of(L, X) -> position(mochi_ref:iter(L), X, 0).

position([], _, _) -> -1;
position([E | Rest], X, N) ->
    case mochi_core:eq(E, X) of
        true -> N;
        false -> position(Rest, X, N + 1)
    end.

-doc "The string so many times.".
-spec repeat(term(), term()) -> binary().
repeat(S, N) when is_binary(S), is_integer(N) -> binary:copy(S, max(0, N));
repeat(_, _) -> mochi_core:fail(<<"repeat expects (string, int)">>).

-doc "`s.starts_with(p)`".
-spec starts_with(term(), term()) -> boolean().
starts_with(S, P) when is_binary(S), is_binary(P) ->
    N = byte_size(P),
    case S of
        <<P:N/binary, _/binary>> -> true;
        _ -> false
    end;
starts_with(_, _) -> false.

-doc "Padded on the left to `N` code points with the characters of `P`, over and over.".
-spec pad_start(term(), term(), term()) -> binary().
pad_start(S, N, P) when is_binary(S), is_integer(N), is_binary(P) ->
    Missing = N - len(S),
    if
        Missing =< 0 -> S;
        true ->
            Pad = case P of
                      <<>> -> <<" ">>;
                      _ -> P
                  end,
            Long = binary:copy(Pad, Missing div len(Pad) + 1),
            <<(sub(Long, 0, Missing))/binary, S/binary>>
    end;
pad_start(V, N, P) when is_integer(N), is_binary(P) -> pad_start(mochi_core:str(V), N, P);
pad_start(_, _, _) -> mochi_core:fail(<<"padStart expects (string, int, string)">>).

-doc "`parseIntStr(s)`".
-spec parse_int(term()) -> integer().
parse_int(S) -> parse_int(S, 10).

-doc "`parseIntStr(s, base)`".
-spec parse_int(term(), term()) -> integer().
parse_int(S, Base) when is_binary(S), is_integer(Base), Base >= 2, Base =< 36 ->
    try binary_to_integer(string:trim(S), Base)
    catch error:badarg -> mochi_core:fail([<<"cannot cast ">>, mochi_fmt:quote(S), <<" to int">>])
    end;
parse_int(_, _) -> mochi_core:fail(<<"parseIntStr expects (string, int)">>).

-doc """
A copy that shares no memory with a larger binary. A part of a string keeps the whole alive for as long as it lives itself; what is kept for long or goes
to another process is copied first.
""".
-spec copy(binary()) -> binary().
copy(S) -> binary:copy(S).

-doc "The value with each string in it that is part of a larger binary copied; the value itself when there is none.".
-spec own(V) -> V.
own(V) ->
    case borrows(V) of
        true -> owned(V);
        false -> V
    end.

borrows(B) when is_binary(B) -> byte_size(B) < binary:referenced_byte_size(B);
borrows([H | T]) -> borrows(H) orelse borrows(T);
borrows(T) when is_tuple(T) -> borrows_any(T, tuple_size(T));
borrows(M) when is_map(M) -> borrows_map(maps:next(maps:iterator(M)));
borrows(_) -> false.

borrows_any(_, 0) -> false;
borrows_any(T, N) -> borrows(element(N, T)) orelse borrows_any(T, N - 1).

borrows_map({K, V, I}) -> borrows(K) orelse borrows(V) orelse borrows_map(maps:next(I));
borrows_map(none) -> false.

owned(B) when is_binary(B) ->
    case borrows(B) of
        true -> copy(B);
        false -> B
    end;
owned([H | T]) -> [owned(H) | owned(T)];
owned(T) when is_tuple(T) -> list_to_tuple([owned(E) || E <- tuple_to_list(T)]);
owned(M) when is_map(M) -> #{owned(K) => owned(V) || K := V <- M};
owned(V) -> V.

-doc "So many characters from an index on, as `string:slice/3`: counted in graphemes.".
-spec slice(binary(), non_neg_integer(), non_neg_integer()) -> binary().
slice(S, Start, Length) -> unicode:characters_to_binary(string:slice(S, Start, Length)).

-doc "Lower case of a whole text, where one character may become several.".
-spec to_lower(binary()) -> binary().
to_lower(S) -> string:lowercase(S).

-doc "Upper case of a whole text, where one character may become several.".
-spec to_upper(binary()) -> binary().
to_upper(S) -> string:uppercase(S).

-doc "SHA-256, in Erlang: nothing native is needed.".
-spec sha256(binary()) -> binary().
sha256(Data) ->
    Bits = bit_size(Data),
    Zeros = (448 - (Bits + 8)) band 511,
    Padded = <<Data/binary, 16#80, 0:Zeros, Bits:64>>,
    H = {16#6a09e667, 16#bb67ae85, 16#3c6ef372, 16#a54ff53a, 16#510e527f, 16#9b05688c, 16#1f83d9ab, 16#5be0cd19},
    Out = sha_blocks(Padded, H, sha_constants()),
    << <<X:32>> || X <- tuple_to_list(Out) >>.

sha_blocks(<<>>, H, _) ->
    H;
sha_blocks(<<Block:64/binary, Rest/binary>>, H, K) ->
    W = schedule([X || <<X:32>> <= Block]),
    {A, B, C, D, E, F, G, I} = H,
    {A1, B1, C1, D1, E1, F1, G1, I1} = rounds(W, K, H),
    sha_blocks(Rest, {u(A + A1), u(B + B1), u(C + C1), u(D + D1), u(E + E1), u(F + F1), u(G + G1), u(I + I1)}, K).

schedule(W16) -> schedule(lists:reverse(W16), 16).

schedule(Rev, 64) -> lists:reverse(Rev);
schedule(Rev, N) ->
    [W2, W7, W15, W16] = [lists:nth(I, Rev) || I <- [2, 7, 15, 16]],
    S0 = rotr(W15, 7) bxor rotr(W15, 18) bxor (W15 bsr 3),
    S1 = rotr(W2, 17) bxor rotr(W2, 19) bxor (W2 bsr 10),
    schedule([u(W16 + S0 + W7 + S1) | Rev], N + 1).

rounds([], [], S) -> S;
rounds([W | Ws], [K | Ks], {A, B, C, D, E, F, G, H}) ->
    S1 = rotr(E, 6) bxor rotr(E, 11) bxor rotr(E, 25),
    Ch = (E band F) bxor ((bnot E) band 16#ffffffff band G),
    T1 = H + S1 + Ch + K + W,
    S0 = rotr(A, 2) bxor rotr(A, 13) bxor rotr(A, 22),
    Maj = (A band B) bxor (A band C) bxor (B band C),
    rounds(Ws, Ks, {u(T1 + S0 + Maj), A, B, C, u(D + T1), E, F, G}).

rotr(X, N) -> u((X bsr N) bor (X bsl (32 - N))).

u(X) -> X band 16#ffffffff.

%% Fractions of the cube roots of the first 64 primes.
sha_constants() ->
    Primes = primes(2, 64, []),
    [cube_fraction(P) || P <- Primes].

primes(_, 0, Acc) -> lists:reverse(Acc);
primes(N, Left, Acc) ->
    case lists:any(fun(P) -> N rem P =:= 0 end, Acc) of
        true -> primes(N + 1, Left, Acc);
        false -> primes(N + 1, Left - 1, [N | Acc])
    end.

cube_fraction(P) -> root(P bsl 96, 0, 1 bsl 36) band 16#ffffffff.

root(_, Lo, Hi) when Hi - Lo =< 1 -> Lo;
root(X, Lo, Hi) ->
    Mid = (Lo + Hi) bsr 1,
    if
        Mid * Mid * Mid =< X -> root(X, Mid, Hi);
        true -> root(X, Lo, Mid)
    end.
